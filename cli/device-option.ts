import type { Device } from "../toolkit/runtime/device.ts";
import type { ChosenDevice } from "../toolkit/node/choose-device.ts";
import type { OptionSpec } from "./command.ts";
import { given } from "./given.ts";
import type { Output } from "./output.ts";

// as runtime/device.ts has them: the help does not wait for that to load, and a test compares
const DEVICES: readonly Device[] = ["auto", "cpu", "webgpu", "cuda", "dml", "coreml", "wasm"];

/** Of commands that run a network. */
export const DEVICE_OPTION: OptionSpec & { readonly type: "choice"; readonly choices: readonly Device[] } = {
  type: "choice",
  choices: DEVICES,
  help: "where to compute (default: auto, the fastest that is right; see doctor)",
};

/** Devices answer in less, unless they are tried. */
const SILENT_MS = 1500;

/**
 * The device that the option stands for. Says so where it takes a while, as it does once on a machine with a graphics card.
 * @throws E_DEVICE
 */
export async function pickDevice(
  device: Device | undefined,
  { out, signal, cacheFolder }: { readonly out: Output; readonly signal: AbortSignal; readonly cacheFolder?: string },
): Promise<ChosenDevice> {
  const { chooseDevice } = await import("../toolkit/node/choose-device.ts");
  const what = device === undefined || device === "auto" ? "the devices of this machine" : device;
  const clock = setTimeout(() => out.say(`trying ${what}, which is done once and may take a minute`), SILENT_MS);
  try {
    return await chooseDevice(given({ device, signal, cacheFolder }));
  } finally {
    clearTimeout(clock);
  }
}

/** The same for commands that say little: names the device only where it is not the CPU. */
export async function pickQuietly(
  device: Device | undefined,
  place: { readonly out: Output; readonly signal: AbortSignal },
): Promise<ChosenDevice> {
  const chosen = await pickDevice(device, place);
  if (chosen.provider !== "cpu") place.out.say(chosen.text);
  return chosen;
}
