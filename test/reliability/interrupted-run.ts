import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { errorMessage } from "../../toolkit/errors.ts";
import type { Saved } from "../../toolkit/fine-tune/run-state.ts";
import { openCheckpoints } from "../../toolkit/train/checkpoint-folder.ts";
import { nodeDisk } from "../../toolkit/train/disk.ts";
import type { Disk } from "../../toolkit/train/disk.ts";
import { openNaiveCheckpoints } from "./naive-checkpoints.ts";
import { EVERY, STEPS } from "./toy-job.ts";
import { runTrainer } from "./trainer.ts";
import type { Attempt, KillTime, TrainerOptions } from "./trainer.ts";

/** What an uninterrupted run has come to: everything that an interrupted one must equal, bit for bit. */
export interface Whole {
  readonly losses: ReadonlyMap<number, number>;
  readonly top1: number;
  /** Digests of the files it leaves. */
  readonly files: Readonly<Record<string, string>>;
  readonly ms: Attempt["ms"];
}

const FILES = ["model.onnx", `checkpoints/step-${STEPS}.ckpt`, "checkpoints/best-network.ckpt"];

/** Runs the toy job from its beginning to its end. */
export async function wholeRun(folder: string): Promise<Whole> {
  const { losses, done, stderr, ms } = await runTrainer(folder);
  if (!done || losses.size !== STEPS) throw new Error(`the uninterrupted run failed: ${stderr}`);
  return { losses, top1: done.top1, files: await digests(folder), ms };
}

/** What was seen of a run while it was interrupted again and again. */
export interface InterruptedRun {
  readonly folder: string;
  /** What must not be, in words; empty where all is well. */
  readonly problems: readonly string[];
  /** Most steps that an interruption took back. */
  readonly mostLost: number;
  /** Lets a trainer begin or go on, and looks at what it leaves. */
  attempt(options?: TrainerOptions, killAt?: KillTime): Promise<Attempt>;
}

/** A run in `folder` that is to end as `whole` did, however often it is interrupted; a trainer may have told some losses before. */
export function interruptedRun(
  folder: string,
  whole: Whole,
  told: ReadonlyMap<number, number> = new Map(),
): InterruptedRun {
  const problems = [...lossProblems(told, whole)];
  const seen = new Set(told.keys());
  let last = Math.max(0, ...told.keys());
  let mostLost = 0;
  return {
    folder,
    problems,
    get mostLost() {
      return mostLost;
    },
    async attempt(options = {}, killAt) {
      const attempt = await runTrainer(folder, options, killAt);
      const first = Math.min(...attempt.losses.keys());
      if (Number.isFinite(first)) {
        const lost = last - (first - 1);
        mostLost = Math.max(mostLost, lost);
        if (lost > EVERY || lost < 0) problems.push(`it had told step ${last} and went on with step ${first}`);
        last = Math.max(...attempt.losses.keys());
      }
      for (const step of attempt.losses.keys()) seen.add(step);
      problems.push(...lossProblems(attempt.losses, whole));
      if (!attempt.done && !attempt.wasKilled) problems.push(`it failed: ${attempt.stderr}`);
      problems.push(...(await (attempt.done ? endProblems(folder, whole) : stateProblems(folder, last, options))));
      if (attempt.done && seen.size !== STEPS) problems.push(`${STEPS - seen.size} steps were never told`);
      return attempt;
    },
  };
}

/** Looking changes nothing. */
const readOnlyDisk: Disk = { ...nodeDisk, remove: () => Promise.resolve(), makeFolder: () => Promise.resolve() };

/** What is wrong with the checkpoints that a trainer leaves after it had told step `last`. */
export async function stateProblems(
  folder: string,
  last: number,
  { naive }: TrainerOptions,
): Promise<readonly string[]> {
  const checkpoints = join(folder, "checkpoints");
  if (!existsSync(checkpoints)) return last === 0 ? [] : ["there are no checkpoints"];
  const opened = await (naive ? openNaiveCheckpoints : openCheckpoints)(checkpoints, readOnlyDisk);
  try {
    const found = await opened.latest();
    await opened.best("network");
    const step = found ? (found.checkpoint.header as unknown as Saved).progress.step : 0;
    const behind = step < last - EVERY ? [`the newest checkpoint is of step ${step}, step ${last} had been told`] : [];
    return [...(found?.passedOver ?? []), ...behind];
  } catch (error) {
    return [errorMessage(error)];
  }
}

/** Which losses are not those of the uninterrupted run, to the last bit. */
export function lossProblems(losses: ReadonlyMap<number, number>, whole: Whole): readonly string[] {
  const differing = [...losses].filter(([step, loss]) => loss !== whole.losses.get(step));
  return differing.map(([step, loss]) => `the loss of step ${step} is ${loss} instead of ${whole.losses.get(step)}`);
}

/** What is wrong with the folder of a run that has ended. */
export async function endProblems(folder: string, whole: Whole): Promise<readonly string[]> {
  const now = await digests(folder);
  const differing = FILES.filter((name) => now[name] !== whole.files[name]).map((name) => `${name} has other bytes`);
  const names = await readdir(folder, { recursive: true });
  const left = names
    .filter((name) => name.includes(".tmp-") || name.includes("run.lock"))
    .map((name) => `left: ${name}`);
  return [...differing, ...left];
}

async function digests(folder: string): Promise<Record<string, string>> {
  const entries = FILES.map(async (name) => {
    const bytes = await readFile(join(folder, name)).catch(() => new Uint8Array());
    return [name, createHash("sha256").update(bytes).digest("hex")] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}
