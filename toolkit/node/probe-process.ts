/** The process that tries a device: a driver that ends or hangs it ends or hangs nothing else. Where nodes are put goes to its standard error. */
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
  /** Something beside the device fails. */
  | { readonly kind: "error"; readonly message: string };

async function probe({ device, timed }: ProbeRequest): Promise<void> {
  const runtime = nodeRuntimeHere(device);
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
  probe(request)
    .catch((error: unknown) => send({ kind: "error", message: errorMessage(error) }))
    // some drivers do not let a process end by itself
    .finally(() => process.kill(process.pid, "SIGKILL"));
});
