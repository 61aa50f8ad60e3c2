import type { Provider } from "../runtime/runtime.ts";
import { faultHint } from "./choose-device.ts";
import { devicesOf, missingFor } from "./device-presence.ts";
import { deviceProbes } from "./device-probes.ts";
import type { DeviceProbes, ProbesOptions } from "./device-probes.ts";
import { thisMachine } from "./machine.ts";
import type { Machine } from "./machine.ts";
import type { Probed } from "./probe-device.ts";

/** What there is to be said of a device. */
export interface DeviceReport extends Probed {
  readonly device: Provider;
  /** "right": it computes what the CPU does; "faulty": it fails, or computes something else; "absent": it is not there. */
  readonly status: "right" | "faulty" | "absent";
  /** Why it is absent. */
  readonly reason?: string;
  /** The way out, where there is one. */
  readonly hint?: string;
}

const DEVICES: readonly Provider[] = ["cuda", "webgpu", "dml", "coreml"];

/**
 * Tries every device beside the CPU, whatever was found out before, and keeps what is found now for `chooseDevice`. Those that this machine may have come first.
 * @throws E_RUN where the CPU itself fails; the signal's reason
 */
export function examineDevices(options: ProbesOptions = {}): AsyncGenerator<DeviceReport, void> {
  const machine = thisMachine();
  return examineDevicesOf(machine, deviceProbes(machine, { anew: true, ...options }));
}

/** The same on a machine that is handed in. */
export async function* examineDevicesOf(machine: Machine, probes: DeviceProbes): AsyncGenerator<DeviceReport, void> {
  const here = devicesOf(machine);
  for (const device of [...here, ...DEVICES.filter((other) => !here.includes(other))]) {
    const missing = missingFor(device, machine);
    if (missing) {
      yield { device, status: "absent", ...missing };
      continue;
    }
    const probed = await probes.find(device, { timed: true });
    const { fault, isAbsent, ...found } = probed;
    const hint = fault === undefined ? undefined : faultHint(device, fault);
    const way = hint === undefined ? {} : { hint };
    if (fault === undefined) yield { device, status: "right", ...found };
    else if (isAbsent) yield { device, status: "absent", reason: fault, ...way };
    else yield { device, status: "faulty", fault, ...found, ...way };
  }
}
