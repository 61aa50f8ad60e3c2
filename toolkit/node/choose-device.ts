import { ToolkitError } from "../errors.ts";
import { deviceText, readDevice } from "../runtime/device.ts";
import type { Device } from "../runtime/device.ts";
import { nodeRuntimeOn } from "../runtime/node.ts";
import type { Provider, Runtime } from "../runtime/runtime.ts";
import { speedUp, WORTHWHILE } from "../train/device-self-test.ts";
import { cardMissingFor, devicesOf, missingFor } from "./device-presence.ts";
import { deviceProbes } from "./device-probes.ts";
import type { DeviceProbes, ProbesOptions } from "./device-probes.ts";
import type { Machine } from "./machine.ts";
import { thisMachine } from "./machine.ts";
import type { Probed } from "./probe-device.ts";

export interface ChooseDeviceOptions extends ProbesOptions {
  /** "auto" where absent, or what ONNX_GRAFT_DEVICE says; one that was chosen before is taken as it is. */
  readonly device?: Device | ChosenDevice;
}

/** A device that was found to be right. */
export interface ChosenDevice {
  /** What was asked for. */
  readonly asked: Device;
  readonly provider: Provider;
  readonly runtime: Runtime;
  /** What was chosen and why others were not, in one line; "" where that has been said. */
  readonly text: string;
}

/**
 * Chooses where to compute. "auto" takes the quickest of the devices that are there, compute the right numbers, and are at least 1.5 times as fast as the CPU; else the CPU. They are
 * tried once, in processes of their own, and what was found is kept in the cache folder.
 * @throws E_DEVICE where a device that was asked for is not there, or fails its self-test; E_SETTING for a name that is none; the signal's reason
 */
export async function chooseDevice(options: ChooseDeviceOptions = {}): Promise<ChosenDevice> {
  const { device } = options;
  if (typeof device === "object") return device;
  const machine = thisMachine();
  const asked = readDevice(device ?? (machine.env["ONNX_GRAFT_DEVICE"] || "auto"));
  return chooseDeviceOn(asked, machine, deviceProbes(machine, options));
}

/** The same on a machine that is handed in, with what was found out about its devices. */
export async function chooseDeviceOn(asked: Device, machine: Machine, probes: DeviceProbes): Promise<ChosenDevice> {
  if (asked === "auto") return chooseAny(machine, probes);
  const chosen = { asked, provider: asked, runtime: nodeRuntimeOn(asked) };
  const text = `computing on ${deviceText(asked)}, as asked`;
  if (asked === "cpu") return { ...chosen, text };
  const missing = missingFor(asked, machine);
  if (missing) throw refused(asked, missing.reason, missing.hint);
  const { fault, speed } = await probes.find(asked, { timed: false });
  if (fault !== undefined) throw refused(asked, fault, faultHint(asked, fault));
  return { ...chosen, text: speed && speedUp(speed) < 1 ? `${text}, where the CPU would be faster` : text };
}

function refused(device: Provider, reason: string, hint?: string): ToolkitError {
  const instead = 'compute on the CPU with --device cpu; "onnx-graft doctor" says what there is';
  return new ToolkitError("E_DEVICE", `Cannot compute on ${device}: ${reason}`, {
    hint: hint === undefined ? instead : `${hint}; or ${instead}`,
  });
}

/** What can be done where ONNX Runtime cannot work with a device. */
export function faultHint(device: Provider, fault: string): string | undefined {
  if (device === "webgpu" && fault.includes("adapter")) return "install the graphics card's driver for Vulkan";
  if (device === "cuda" && fault.includes("library"))
    return "CUDA 12 (cuBLAS, cuDNN 9, cuFFT, cuRAND) must be where the loader looks, or in LD_LIBRARY_PATH";
  return undefined;
}

async function chooseAny(machine: Machine, probes: DeviceProbes): Promise<ChosenDevice> {
  const found: { readonly device: Provider; readonly factor: number }[] = [];
  const reasons = new Map<Provider, string>();
  for (const device of devicesOf(machine)) {
    const missing = cardMissingFor(device, machine) ?? missingFor(device, machine);
    if (missing) {
      const { reason, hint } = missing;
      reasons.set(device, hint === undefined ? reason : `${reason}: ${hint}`);
      continue;
    }
    const probed = await probes.find(device, { timed: true });
    const why = whyNot(probed);
    if (why === undefined && probed.speed) found.push({ device, factor: speedUp(probed.speed) });
    else reasons.set(device, why ?? "it was not timed");
  }
  // of two that are alike the first
  const best = found.reduce<(typeof found)[number] | undefined>(
    (a, b) => (a && a.factor * ALIKE >= b.factor ? a : b),
    undefined,
  );
  for (const { device, factor } of found) if (device !== best?.device) reasons.set(device, `${times(factor)} as fast`);
  const provider = best?.device ?? "cpu";
  const others = [...reasons].map(([device, reason]) => `${device}: ${reason}`).join("; ");
  const speed = best ? `, ${times(best.factor)} as fast as the CPU` : "";
  return {
    asked: "auto",
    provider,
    runtime: nodeRuntimeOn(provider),
    text: `computing on ${deviceText(provider)}${speed}${others === "" ? "" : ` (${others})`}`,
  };
}

/** What is faster by less is as fast. */
const ALIKE = 1.1;

/** Why a device is not to be taken where nobody asks for it. */
function whyNot({ fault, speed, isLate }: Probed): string | undefined {
  if (fault !== undefined) return fault;
  if (isLate) return "a training step took too long to be timed";
  if (!speed || speedUp(speed) >= WORTHWHILE) return undefined;
  return speedUp(speed) < 1
    ? `it is ${times(1 / speedUp(speed))} as slow as the CPU`
    : `it is only ${times(speedUp(speed))} as fast as the CPU`;
}

/** "8.1 times". */
export function times(factor: number): string {
  return `${factor < 10 ? Number(factor.toFixed(1)) : Math.round(factor)} times`;
}
