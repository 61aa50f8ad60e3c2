import { unknownName } from "../unknown-name.ts";
import type { Provider } from "./runtime.ts";

/** Where to compute: a provider, or "auto" for the quickest that is there and right. */
export type Device = "auto" | Provider;

export const DEVICES: readonly Device[] = ["auto", "cpu", "webgpu", "cuda", "dml", "coreml", "wasm"];

/**
 * The device that somebody named.
 * @throws E_SETTING
 */
export function readDevice(name: string): Device {
  const device = DEVICES.find((known) => known === name);
  if (device) return device;
  throw unknownName(name, DEVICES, `Cannot compute on "${name}": expected one of`);
}

/** A device in a sentence: "the CPU", "cuda". */
export function deviceText(device: Device): string {
  return device === "cpu" ? "the CPU" : device;
}
