import { chooseDevice, times } from "../toolkit/node/choose-device.ts";
import { examineDevices } from "../toolkit/node/examine-devices.ts";
import type { DeviceReport } from "../toolkit/node/examine-devices.ts";
import { placementsText } from "../toolkit/runtime/placements.ts";
import { speedUp } from "../toolkit/train/device-self-test.ts";
import { given } from "./given.ts";
import type { Output } from "./output.ts";

const STATUS = { right: "ok     ", faulty: "FAULTY ", absent: "absent " } as const;

/** The devices of this machine, as `doctor --json` has them. */
export interface ExaminedDevices {
  readonly devices: readonly object[];
  /** What "auto" takes. */
  readonly auto: { readonly device: string; readonly text: string };
}

/** Tries every device and prints what came of it. None is needed: what is absent or faulty is no failure of the machine. */
export async function showDevices(out: Output, signal: AbortSignal): Promise<ExaminedDevices> {
  const devices: object[] = [];
  out.say("trying the devices, which may take a minute each");
  for await (const report of examineDevices({ signal })) {
    const { device, status, hint } = report;
    out.data(`${STATUS[status]} ${device}: ${detailOf(report)}`);
    if (hint !== undefined) out.data(`        ${hint}`);
    devices.push(jsonOf(report));
  }
  const { provider, text } = await chooseDevice({ device: "auto", signal });
  out.data(`ok      --device auto: ${text}`);
  return { devices, auto: { device: provider, text } };
}

function detailOf({ status, reason = "", fault, difference, speed, isLate, placements }: DeviceReport): string {
  const placed = placements ? [placementsText(placements)] : [];
  if (status === "absent") return reason;
  if (fault !== undefined) return [fault, ...placed].join("; ");
  const right = `computes what the CPU does (${(100 * (difference ?? 0)).toPrecision(1)} % apart)`;
  return [right, speed ? speedText(speedUp(speed)) : isLate ? SLOW : "not timed", ...placed].join("; ");
}

const SLOW = "a training step of a small network took too long to be timed";

function speedText(factor: number): string {
  return factor >= 1 ? `${times(factor)} as fast` : `${times(1 / factor)} as slow`;
}

function jsonOf({ device, status, reason, hint, fault, difference, speed, isLate, placements }: DeviceReport): object {
  const factor = speed && Number(speedUp(speed).toPrecision(3));
  return { device, status, ...given({ reason, fault, hint, difference, speed, speedUp: factor, isLate, placements }) };
}
