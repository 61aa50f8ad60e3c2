import { fork } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { ToolkitError } from "../errors.ts";
import type { Provider } from "../runtime/runtime.ts";
import { readPlacements, tellsPlacements } from "../runtime/placements.ts";
import type { Placements } from "../runtime/placements.ts";
import type { DeviceNumbers, DeviceSpeed } from "../train/device-self-test.ts";
import type { ProbeMessage } from "./probe-process.ts";

/** What a probing process is asked. */
export interface ProbeRequest {
  readonly device: Provider;
  /** Whether it is timed beside the CPU. */
  readonly timed: boolean;
  /** A file that is only loaded, to see where its nodes are put. */
  readonly model?: string;
}

export interface ProbeOptions extends ProbeRequest {
  /** Longest time for all of it. */
  readonly limitSeconds: number;
  readonly signal?: AbortSignal;
  /** What the process runs; probe-process.ts where absent. */
  readonly file?: URL;
}

/** What trying a device has found. */
export interface Probed extends DeviceNumbers {
  /** Absent where it was not timed. */
  readonly speed?: DeviceSpeed;
  /** The numbers are right, but the time was up before a step could be timed. */
  readonly isLate?: true;
  /** Of the toy network's graphs; absent where they could not be loaded. */
  readonly placements?: Placements;
}

/**
 * Tries a device in a process of its own: its numbers and, where it is asked for, its speed. Whatever happens to that process is a fault of the device.
 * @throws E_RUN where the CPU itself fails; the signal's reason
 */
export async function probeDevice({ device, timed, ...options }: ProbeOptions): Promise<Probed> {
  const ended = await runProbe({ device, timed }, options);
  const found = foundIn(ended, timed);
  return found.fault === undefined ? found : { ...found, fault: faultText(found.fault, ended.causes.at(-1)) };
}

/**
 * Where the nodes of a model's file would be put, in a process of its own.
 * @throws E_DEVICE where it cannot be loaded there; the signal's reason
 */
export async function placementsOf(
  { device, model }: { readonly device: Provider; readonly model: string },
  options: Omit<ProbeOptions, keyof ProbeRequest>,
): Promise<Placements> {
  const { messages, placed, causes, why } = await runProbe({ device, timed: false, model }, options);
  if (messages.has("loaded")) return readPlacements(placed.join("\n"));
  const failed = messages.get("error");
  const reason = failed?.kind === "error" ? failed.message : `the process that loaded it ${why}`;
  throw new ToolkitError("E_DEVICE", `Cannot load the step on ${device}: ${faultText(reason, causes.at(-1))}`, {
    hint: 'use another device, such as --device cpu; "onnx-graft doctor" says what there is',
  });
}

interface Ended {
  readonly messages: ReadonlyMap<ProbeMessage["kind"], ProbeMessage>;
  /** Lines of its log that say where nodes were put. */
  readonly placed: readonly string[];
  /** What the log says of libraries that cannot be loaded. */
  readonly causes: readonly string[];
  readonly isLate: boolean;
  /** How the process ended. */
  readonly why: string;
}

/** Asks a new process, and waits for its end. */
async function runProbe(request: ProbeRequest, options: Omit<ProbeOptions, keyof ProbeRequest>): Promise<Ended> {
  const { limitSeconds, signal, file = processFile() } = options;
  signal?.throwIfAborted();
  const child = fork(fileURLToPath(file), [], {
    // what runs .ts here must run it there
    execArgv: file.pathname.endsWith(".ts") ? process.execArgv : [],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const messages = new Map<ProbeMessage["kind"], ProbeMessage>();
  const placed: string[] = [];
  const causes: string[] = [];
  child.on("message", (message: ProbeMessage) => void messages.set(message.kind, message));
  if (child.stderr)
    createInterface(child.stderr).on("line", (line) => {
      // a driver may say very much
      if (tellsPlacements(line)) placed.push(line);
      const cause = CAUSE.exec(line)?.[1];
      if (cause !== undefined) causes.push(cause);
    });
  let isLate = false;
  const kill = (): void => void child.kill("SIGKILL");
  const clock = setTimeout(() => {
    isLate = true;
    kill();
  }, limitSeconds * 1000);
  signal?.addEventListener("abort", kill, { once: true });
  try {
    const ended = new Promise<string>((resolve) => {
      child.once("close", (code, by) => resolve(by ? `ended by ${by}` : `ended with exit code ${code}`));
      child.once("error", (error) => resolve(error.message));
    });
    child.send(request, () => {});
    const why = await ended;
    signal?.throwIfAborted();
    return { messages, placed, causes, isLate, why: isLate ? `took more than ${limitSeconds} s` : why };
  } finally {
    clearTimeout(clock);
    signal?.removeEventListener("abort", kill);
  }
}

/** Why a library cannot be loaded, which ONNX Runtime only logs. */
const CAUSE = /Failed to load library .* with error: (.+)$/;
/** Where in ONNX Runtime something failed. */
const PLACE = /^.*\bwas false\. |^Cannot load the graph into ONNX Runtime: /;

/** A fault without what is of no use to people, with its cause where that is known. */
function faultText(fault: string, cause: string | undefined): string {
  const text = fault.replace(PLACE, "");
  return cause === undefined ? text : `${text} (${cause})`;
}

function foundIn({ messages, placed, isLate, why }: Ended, timed: boolean): Probed {
  const [failed, numbers, speed] = [messages.get("error"), messages.get("numbers"), messages.get("speed")];
  const placements = placed.length === 0 ? {} : { placements: readPlacements(placed.join("\n")) };
  const crash = `the process that tried it ${why}`;
  if (numbers?.kind !== "numbers") {
    if (failed?.kind === "error") throw new ToolkitError("E_RUN", `Cannot try a device: ${failed.message}`);
    return { fault: crash, ...placements };
  }
  const { kind: _numbers, ...found } = numbers;
  const all = { ...found, ...placements };
  if (found.fault !== undefined || !timed) return all;
  if (speed?.kind === "speed") return { ...all, speed: { stepMs: speed.stepMs, referenceMs: speed.referenceMs } };
  if (isLate) return { ...all, isLate };
  return { ...all, fault: failed?.kind === "error" ? failed.message : crash };
}

/** probe-process.ts beside this file, compiled or not, as this file is. */
function processFile(): URL {
  return new URL(import.meta.url.endsWith(".ts") ? "./probe-process.ts" : "./probe-process.js", import.meta.url);
}
