import type { FineTuneResult } from "../../toolkit/fine-tune/events.ts";
import { fineTune } from "../../toolkit/fine-tune/fine-tune.ts";
import type { FineTuneSettings } from "../../toolkit/fine-tune/settings.ts";
import { uniform } from "../../toolkit/graph/random.ts";
import { openCheckpoints } from "../../toolkit/train/checkpoint-folder.ts";
import type { Disk } from "../../toolkit/train/disk.ts";
import { memoryDisk } from "./memory-disk.ts";
import type { Files } from "./memory-disk.ts";
import { toyJob } from "./toy-job.ts";
import type { ToyJob } from "./toy-job.ts";

const FOLDER = "/run/checkpoints";

/** The files of a run as they were after a checkpoint. */
export interface Snapshot {
  readonly step: number;
  /** Whether the epoch of that step had been closed too. */
  readonly isEpochEnd: boolean;
  readonly files: Files;
}

/** A run in this process, with its checkpoints in memory. */
export interface Run {
  readonly losses: ReadonlyMap<number, number>;
  readonly rates: ReadonlyMap<number, number>;
  readonly notes: readonly string[];
  readonly result: FineTuneResult;
  /** After each checkpoint. */
  readonly snapshots: readonly Snapshot[];
}

/** What a run is told beside its settings. */
interface More extends Pick<ToyJob, "now" | "forceResume"> {
  /** Makes its disk another. */
  readonly change?: (disk: Disk) => Disk;
}

/** Runs the toy job: from its beginning, or going on from the files of another run. */
export async function runInMemory(
  settings: FineTuneSettings,
  from?: Files,
  { change, ...more }: More = {},
): Promise<Run> {
  const files: Files = new Map(from);
  const disk = memoryDisk(files);
  const checkpoints = await openCheckpoints(FOLDER, change ? change(disk) : disk);
  const run = fineTune(toyJob({ checkpoints, resume: from !== undefined, ...settings, ...more }));
  const [losses, rates] = [new Map<number, number>(), new Map<number, number>()];
  const notes: string[] = [];
  const snapshots: Snapshot[] = [];
  let [step, isEpochEnd] = [0, false];
  for await (const event of run) {
    if (event.kind === "note") notes.push(event.text);
    if (event.kind === "epoch") isEpochEnd = true;
    if (event.kind === "step") {
      [step, isEpochEnd] = [event.step, false];
      losses.set(step, event.loss);
      rates.set(step, event.rate);
    }
    if (event.kind === "checkpoint") snapshots.push({ step, isEpochEnd, files: new Map(files) });
  }
  return { losses, rates, notes, result: await run.result, snapshots };
}

/** What runs that went on in several threads came to, beside the run that was not interrupted. */
export interface ThreadedResumes {
  readonly resumes: number;
  /** Largest relative difference of a step's loss, of the first 50 after each. */
  readonly difference: number;
  /** Largest difference of the accuracy in the end, in percentage points. */
  readonly accuracyPoints: number;
}

/** Interrupts a run in two threads at random steps. */
export async function threadedResumes(resumes: number, settings: FineTuneSettings = {}): Promise<ThreadedResumes> {
  const threaded = { ...settings, threads: 2, checkpointEvery: 1 };
  const whole = await runInMemory(threaded);
  let [difference, accuracyPoints] = [0, 0];
  for (let i = 0; i < resumes; i++) {
    const steps = whole.losses.size;
    const snapshot = whole.snapshots.find(({ step }) => step === 1 + Math.floor((steps - 51) * uniform(i, 9, 0)));
    if (!snapshot) throw new Error("there is no checkpoint of that step");
    const { losses, result } = await runInMemory(threaded, snapshot.files);
    for (let step = snapshot.step + 1; step <= snapshot.step + 50; step++) {
      const expected = whole.losses.get(step) ?? Number.NaN;
      difference = Math.max(difference, Math.abs((losses.get(step) ?? Number.NaN) - expected) / Math.abs(expected));
    }
    const gap = Math.abs((result.evaluation?.top1 ?? Number.NaN) - (whole.result.evaluation?.top1 ?? Number.NaN));
    accuracyPoints = Math.max(accuracyPoints, 100 * gap);
  }
  return { resumes, difference, accuracyPoints };
}
