import { join } from "node:path";
import { uniform } from "../../toolkit/graph/random.ts";
import { faultText } from "./faulty-disk.ts";
import type { Moment } from "./faulty-disk.ts";
import { endProblems, interruptedRun, lossProblems } from "./interrupted-run.ts";
import type { InterruptedRun, Whole } from "./interrupted-run.ts";
import { startTrainer } from "./trainer.ts";
import type { Attempt, TrainerOptions } from "./trainer.ts";

/** What a number of kills came to. */
export interface Kills {
  readonly kills: number;
  /** Runs that came to their end after them. */
  readonly runs: number;
  readonly mostLost: number;
  readonly problems: readonly string[];
}

export interface KillOptions {
  /** An empty folder for the runs. */
  readonly folder: string;
  readonly whole: Whole;
  readonly seed?: number;
}

/** Kills trainers at uniformly random times of a run, each going on where the one before was killed, until there were `kills` of them. */
export async function randomKills(
  kills: number,
  options: KillOptions & Pick<TrainerOptions, "isRecorded">,
): Promise<Kills> {
  const { whole, seed = 0, isRecorded = false } = options;
  const duration = whole.ms.end - whole.ms.began;
  let drawn = 0;
  return killUntil(kills, options, (run) =>
    run.attempt({ isRecorded }, { afterBegin: duration * uniform(seed, 0, drawn++) }),
  );
}

/** Kills trainers while they start or read what there is to go on from. Before, each run is let go on for a while. */
export async function killsWhileRecovering(kills: number, options: KillOptions): Promise<Kills> {
  const { whole, seed = 0 } = options;
  let drawn = 0;
  return killUntil(kills, options, async (run, count) => {
    const i = drawn++;
    // a crash in the midst of a write leaves something to recover from
    const fault = { moment: "write", byte: Math.floor(1e6 * uniform(seed, 1, i)), save: 2 } as const;
    if (count % 2 === 0) return run.attempt({ crashAt: faultText(fault) });
    if (i % 4 === 1) return run.attempt({ crashAt: faultText({ moment: "mid-prune", byte: 0, save: 0 }) });
    return run.attempt({}, { afterStart: whole.ms.firstStep * uniform(seed, 2, i) });
  });
}

export const CRASH_MOMENTS: readonly Moment[] = [
  "before-write",
  "write",
  "before-fsync",
  "after-fsync",
  "after-rename",
  "before-prune",
  "mid-prune",
];

/** Lets trainers kill themselves at each moment of a save, `times` times, at random bytes of random saves. */
export async function killsAtMoments(times: number, options: KillOptions): Promise<Kills> {
  const { seed = 0 } = options;
  const faults = Array.from({ length: CRASH_MOMENTS.length * times }, (_, i) => ({
    moment: CRASH_MOMENTS[i % CRASH_MOMENTS.length] as Moment,
    byte: Math.floor(1e9 * uniform(seed, 3, i)),
    save: 1 + Math.floor(6 * uniform(seed, 4, i)),
  }));
  return killUntil(faults.length, options, (run, count) => {
    const fault = faults[count];
    if (!fault) throw new RangeError(`no fault ${count}`);
    return run.attempt({ crashAt: faultText(fault) });
  });
}

/** Attempts until so many of them were killed; then the last run goes on to its end. */
async function killUntil(
  wanted: number,
  { folder, whole }: KillOptions,
  attempt: (run: InterruptedRun, kills: number) => Promise<Attempt>,
): Promise<Kills> {
  const runs: InterruptedRun[] = [];
  let kills = 0;
  while (kills < wanted) {
    const run = interruptedRun(join(folder, `run-${runs.length}`), whole);
    runs.push(run);
    let isDone = false;
    while (kills < wanted && !isDone && run.problems.length === 0) {
      const { done, wasKilled } = await attempt(run, kills);
      isDone = done !== undefined;
      if (wasKilled) kills += 1;
    }
    if (!isDone && run.problems.length === 0) await run.attempt();
    if (run.problems.length > 0) break;
  }
  return {
    kills,
    runs: runs.length,
    mostLost: Math.max(0, ...runs.map((run) => run.mostLost)),
    problems: runs.flatMap((run) => run.problems),
  };
}

/** How many of so many kills of a careless writer, in the midst of a write, were seen to have done harm. */
export async function caughtOnNaive(kills: number, { folder, whole, seed = 0 }: KillOptions): Promise<number> {
  let caught = 0;
  for (let i = 0; i < kills; i++) {
    const run = interruptedRun(join(folder, `naive-${i}`), whole);
    const byte = Math.floor(1e6 * uniform(seed, 5, i));
    await run.attempt({ naive: true, crashAt: faultText({ moment: "write", byte, save: 2 }) });
    if (run.problems.length > 0) caught += 1;
  }
  return caught;
}

/** What became of two trainers on one run folder: the first, and what the second said. */
export async function twoTrainers({
  folder,
  whole,
}: KillOptions): Promise<{ problems: readonly string[]; refusal: string }> {
  const trainer = startTrainer(folder);
  await trainer.began;
  const second = await startTrainer(folder).ended;
  const first = await trainer.ended;
  const problems = [...lossProblems(first.losses, whole), ...(await endProblems(folder, whole))];
  return { problems, refusal: second.code === 1 ? second.stderr : `exit code ${second.code}` };
}
