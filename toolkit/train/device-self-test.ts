import { errorCode, errorMessage } from "../errors.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { learnBlockSize } from "./block-size.ts";
import { loadTestNet, TIMED_NET, TOY_NET } from "./device-test-net.ts";
import type { DeviceTestNet, LoadedTestNet } from "./device-test-net.ts";

export interface DeviceTestOptions {
  /** What is tested. */
  readonly runtime: Runtime;
  /** Whose numbers are taken for right, and whose speed it is held against: the CPU's. */
  readonly reference: Runtime;
}

/** What a device computes, held against the CPU. */
export interface DeviceNumbers {
  /** Why the device must not be used: it fails, or computes something else. Absent where its numbers are right. */
  readonly fault?: string;
  /** Whether the fault is that it loads no graph at all: it is not there, or nothing that works. */
  readonly isAbsent?: true;
  /** Largest share by which something it computed differs; absent where it computed nothing. */
  readonly difference?: number;
}

/** Milliseconds of a training step of a small convolutional network. */
export interface DeviceSpeed {
  readonly stepMs: number;
  /** On the CPU. */
  readonly referenceMs: number;
}

/** Steps after which numbers are compared: enough that momentum and running statistics have a past. */
const STEPS = 5;

/**
 * Share of the largest change of a tensor, or of the largest loss or answer, by which any of its numbers may differ after these steps. Other orders of summing float32
 * make 1e-6, factors rounded to 11 bits, as NVIDIA's tensor cores do by default (TF32), 7e-3; factors of 8 bits 2.5e-2, and mistakes of operators 0.1 or more.
 */
const TOLERANCE = 0.02;

/**
 * Trains a toy network for some steps on a device and on the CPU, and compares losses, state, and what it then says of pictures. A device that fails has a fault.
 * @throws E_RUNTIME, E_RUN where the reference fails
 */
export async function compareNumbers({ runtime, reference }: DeviceTestOptions): Promise<DeviceNumbers> {
  let found: ToyNumbers;
  try {
    found = await toyNumbers(runtime);
  } catch (error) {
    return { fault: errorMessage(error), ...(errorCode(error) === "E_RUNTIME" ? { isAbsent: true } : {}) };
  }
  const expected = await toyNumbers(reference);
  const differences = [...expected].map(([what, numbers]) => ({ what, difference: apart(numbers, found.get(what)) }));
  const worst = differences.reduce((a, b) => (b.difference > a.difference ? b : a));
  const { what, difference } = worst;
  if (difference <= TOLERANCE) return { difference };
  if (difference === Infinity) return { fault: `wrong numbers: ${what} is not finite` };
  const off = `differs by ${percent(difference)} from what it is on the CPU, ${percent(TOLERANCE)} are allowed`;
  return { fault: `wrong numbers: ${what} ${off}`, difference };
}

/** Steps that are timed together, and how often. */
const TIMED_STEPS = 3;
const ROUNDS = 2;
/** A device of which a step takes so many times as long as on the CPU is not timed any further. */
const HOPELESS = 3;

/**
 * Times training steps of a network on a device and on the CPU, after a first one on each. Nothing of the device is asked that takes longer than the times say.
 * @throws E_RUNTIME, E_RUN
 */
export async function compareSpeed({
  runtime,
  reference,
  now,
  net = TIMED_NET,
}: DeviceTestOptions & {
  /** A clock in milliseconds that never goes back. */
  readonly now: () => number;
  readonly net?: DeviceTestNet;
}): Promise<DeviceSpeed> {
  const referenceMs = await stepTime(reference, net, now);
  return { stepMs: await stepTime(runtime, net, now, HOPELESS * referenceMs), referenceMs };
}

/** How many times as fast as the CPU a device must be to be taken where nobody asked for it: less may be chance, and is not worth other last digits. */
export const WORTHWHILE = 1.5;

/** How many times as fast as the CPU a device is. */
export function speedUp({ stepMs, referenceMs }: DeviceSpeed): number {
  return referenceMs / stepMs;
}

async function stepTime(runtime: Runtime, net: DeviceTestNet, now: () => number, hopeless = Infinity): Promise<number> {
  // as training writes it: on the CPU in blocks
  return using(await loadTestNet(runtime, net, await learnBlockSize(runtime)), async (loaded) => {
    const time = async (steps: number): Promise<number> => {
      const before = now();
      await loaded.train(steps);
      return (now() - before) / steps;
    };
    // the first one is slower: kernels are compiled, memory is taken
    await time(1);
    let best = await time(1);
    for (let round = 0; round < ROUNDS && best <= hopeless; round++) best = Math.min(best, await time(TIMED_STEPS));
    return best;
  });
}

/** Numbers that a toy network has come to, by what they are. */
type ToyNumbers = ReadonlyMap<string, Float32Array>;

async function toyNumbers(runtime: Runtime): Promise<ToyNumbers> {
  return using(await loadTestNet(runtime, TOY_NET), async (net) => {
    const losses = Float32Array.from(await net.train(STEPS));
    const changes = [...(await net.state())].map(([name, t]) => {
      const start = net.start.get(name)?.data as Float32Array;
      return [`the change of "${name}"`, (t.data as Float32Array).map((v, i) => v - (start[i] ?? 0))] as const;
    });
    return new Map([["the loss", losses], ...changes, ["an answer", await net.answers()]]);
  });
}

/** Works with a network and releases it. */
async function using<T>(net: LoadedTestNet, work: (net: LoadedTestNet) => Promise<T>): Promise<T> {
  try {
    return await work(net);
  } finally {
    await net.release();
  }
}

/** The largest difference as a share of the largest number that was expected; Infinity where there is something that is no number. */
function apart(expected: Float32Array, found: Float32Array | undefined): number {
  if (found?.length !== expected.length || !found.every(Number.isFinite)) return Infinity;
  const largest = expected.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
  return expected.reduce((max, v, i) => Math.max(max, Math.abs(v - (found[i] ?? 0))), 0) / largest;
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}
