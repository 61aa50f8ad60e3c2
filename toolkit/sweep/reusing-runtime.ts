import type { LoadOptions, Runtime, Session } from "../runtime/runtime.ts";

/** Sessions that wait to be used again. */
const KEPT = 4;

interface Kept {
  readonly session: Session;
  readonly model: Uint8Array;
  readonly options: string;
  /** Its further programs, by name. */
  readonly programs: Map<string, Uint8Array>;
}

/**
 * A runtime that keeps the sessions that are released, and hands one out again where the same bytes are loaded: starting a thread and loading a graph into it
 * take longer than a small head takes to be trained. Whoever loads a session sets its whole state, as `startStage` does.
 */
export function reusingRuntime(runtime: Runtime): { readonly runtime: Runtime; readonly release: () => Promise<void> } {
  const idle: Kept[] = [];
  const lend = (kept: Kept): Session => ({
    ...kept.session,
    async add(name, model) {
      if (isSame(kept.programs.get(name), model)) return;
      await kept.session.add(name, model);
      kept.programs.set(name, model);
    },
    async release() {
      idle.push(kept);
      if (idle.length > KEPT) await idle.shift()?.session.release();
    },
  });
  return {
    runtime: {
      ...runtime,
      async load(model, options = {}) {
        const wanted = textOf(options);
        const found = idle.findIndex((kept) => kept.options === wanted && isSame(kept.model, model));
        const [kept] = found < 0 ? [] : idle.splice(found, 1);
        if (kept) return lend(kept);
        return lend({ session: await runtime.load(model, options), model, options: wanted, programs: new Map() });
      },
    },
    async release() {
      for (const { session } of idle.splice(0)) await session.release();
    },
  };
}

function textOf(options: LoadOptions): string {
  return JSON.stringify(options, (_key, value: unknown) => (value instanceof Map ? [...value] : value));
}

function isSame(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a?.length === b.length && a.every((byte, i) => byte === b[i]);
}
