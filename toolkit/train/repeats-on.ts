import type { Provider } from "../runtime/runtime.ts";

/** Providers whose runtime has a Loop that keeps the state where they compute, or whose state is in the CPU's memory anyway. */
const REPEATING: ReadonlySet<Provider> = new Set(["cpu", "wasm", "cuda"]);

/** Whether a run of a written step can make several of them: elsewhere it makes one, and its feeds are those of one. */
export function repeatsOn(provider: Provider): boolean {
  return REPEATING.has(provider);
}
