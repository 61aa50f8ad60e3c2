/** The process that tries a device: a driver that ends or hangs it ends or hangs nothing else. Where nodes are put goes to its standard error. */
import { readFile } from "node:fs/promises";
import { errorMessage } from "../errors.ts";
import { nodeRuntimeHere } from "../runtime/node-here.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { compareNumbers, compareSpeed } from "../train/device-self-test.ts";
import type { DeviceNumbers, DeviceSpeed } from "../train/device-self-test.ts";
import type { ProbeRequest } from "./probe-device.ts";

/** What it tells, in this order. */
export type ProbeMessage =
  | ({ readonly kind: "numbers" } & DeviceNumbers)
  | ({ readonly kind: "speed" } & DeviceSpeed)
  /** A model was loaded. */
  | { readonly kind: "loaded" }
  /** Something beside the device fails. */
  | { readonly kind: "error"; readonly message: string };

async function answer(request: ProbeRequest): Promise<void> {
  const runtime = nodeRuntimeHere(request.device);
  if (request.model === undefined) return probe(runtime, request.timed);
  const session = await logging(runtime).load(await readFile(request.model));
  await send({ kind: "loaded" });
  await session.release();
}

async function probe(runtime: Runtime, timed: boolean): Promise<void> {
  const reference = nodeRuntimeHere("cpu");
  const numbers = await compareNumbers({ runtime: logging(runtime), reference });
  await send({ kind: "numbers", ...numbers });
  if (!timed || numbers.fault !== undefined) return;
  await send({ kind: "speed", ...(await compareSpeed({ runtime, reference, now: () => performance.now() })) });
}

function logging(runtime: Runtime): Runtime {
  return { ...runtime, load: (model, options) => runtime.load(model, { ...options, logsPlacements: true }) };
}

function send(message: ProbeMessage): Promise<void> {
  return new Promise((resolve) => {
    // without a parent there is nobody to tell
    if (!process.send?.(message, undefined, undefined, () => resolve())) resolve();
  });
}

// it ends with its parent, whatever native code is doing
process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
process.once("message", (request: ProbeRequest) => {
  answer(request)
    .catch((error: unknown) => send({ kind: "error", message: errorMessage(error) }))
    // some drivers do not let a process end by itself
    .finally(() => process.kill(process.pid, "SIGKILL"));
});
