import { errorMessage } from "../errors.ts";
import { type WebProvider, webRuntime, type WebRuntimeOptions, webRuntimes } from "../runtime/web.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { compareNumbers, compareSpeed, speedUp, WORTHWHILE } from "../train/device-self-test.ts";

export interface ChooseDeviceOptions extends WebRuntimeOptions {
  /** "auto" where absent: the graphics card where it computes rightly and is at least 1.5 times as fast. */
  readonly device?: "auto" | WebProvider;
  /** A clock in milliseconds that never goes back; without one "auto" does not ask whether the graphics card is faster. */
  readonly now?: () => number;
}

/** A device that was found to be right. */
export interface ChosenDevice {
  readonly provider: WebProvider;
  readonly runtime: Runtime;
  /** What the graphics card is called. */
  readonly card?: string;
  /** Why it is not the graphics card, where that was asked for or looked at, as the end of a sentence. */
  readonly why?: string;
  /** How many times as fast as the processor, where that was measured. */
  readonly factor?: number;
}

/**
 * Chooses where a page computes. The graphics card first trains a toy network beside the processor: one whose numbers are wrong is not used, and neither is one that the
 * browser only imitates, unless it is asked for.
 * @throws E_RUNTIME where not even the processor can be used
 */
export async function chooseDevice(options: ChooseDeviceOptions = {}): Promise<ChosenDevice> {
  const { device = "auto", now, ...runtime } = options;
  const processor = async (why?: string): Promise<ChosenDevice> => ({
    provider: "wasm",
    runtime: await webRuntime("wasm", runtime),
    ...(why === undefined ? {} : { why }),
  });
  if (device === "wasm") return processor();
  const card = await findCard();
  if (typeof card === "string") return processor(card);
  if (card.isImitated && device === "auto") return processor("this browser only imitates a graphics card");
  try {
    const { webgpu, wasm } = await webRuntimes(runtime);
    const { fault } = await compareNumbers({ runtime: webgpu, reference: wasm });
    if (fault !== undefined) return await processor(`the graphics card failed its test: ${fault}`);
    const chosen: ChosenDevice = { provider: "webgpu", runtime: webgpu, card: card.name };
    if (device === "webgpu" || !now) return chosen;
    const factor = speedUp(await compareSpeed({ runtime: webgpu, reference: wasm, now }));
    if (factor >= WORTHWHILE) return { ...chosen, factor };
    return await processor(`the graphics card is only ${factor.toFixed(1)} times as fast`);
  } catch (error) {
    return processor(`the graphics card cannot be used: ${errorMessage(error)}`);
  }
}

interface Card {
  readonly name: string;
  readonly isImitated: boolean;
}

/** The graphics card that this browser offers, or why it offers none. */
async function findCard(): Promise<Card | string> {
  if (!("gpu" in navigator)) return "this browser has no WebGPU";
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: "high-performance" }).catch(() => null);
  if (!adapter) return "this browser finds no graphics card for WebGPU";
  const { vendor, architecture, description, isFallbackAdapter } = adapter.info;
  const name = description || [vendor, architecture].filter(Boolean).join(" ") || "graphics card";
  return { name, isImitated: isFallbackAdapter || /swiftshader|llvmpipe/i.test(name) };
}
