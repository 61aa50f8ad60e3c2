import { isDeepStrictEqual } from "node:util";
import { errorMessage } from "../../toolkit/errors.ts";
import { uniform } from "../../toolkit/graph/random.ts";
import { openCheckpoints } from "../../toolkit/train/checkpoint-folder.ts";
import type { CheckpointFolder } from "../../toolkit/train/checkpoint-folder.ts";
import type { Disk } from "../../toolkit/train/disk.ts";
import { memoryDisk } from "./memory-disk.ts";
import { afterPowerLoss, recordingDisk } from "./power-loss.ts";
import { toyCheckpoint } from "./toy-checkpoint.ts";

const FOLDER = "/run/checkpoints";
const SAVES = 12;
/** Every so many checkpoints one is the best so far. */
const BEST_EVERY = 4;

type Open = (folder: string, disk: Disk) => Promise<CheckpointFolder>;

/** What was found in states that a loss of power leaves. */
export interface TornStates {
  readonly states: number;
  /** Where the checkpoint was found whose writing had been finished, and where the one that was being written. */
  readonly old: number;
  readonly new: number;
  /** Anything else. */
  readonly problems: readonly string[];
}

interface Saved {
  readonly step: number;
  readonly isBest: boolean;
  /** How many calls had been made when it was begun, and when it was finished. */
  readonly from: number;
  readonly to: number;
}

/** Lets a writer write some checkpoints, cuts the power at random moments, and looks what is found then. `change` makes the writer's disk another. */
export async function tornStates(
  states: number,
  { open = openCheckpoints, change = (disk: Disk) => disk }: { open?: Open; change?: (disk: Disk) => Disk } = {},
): Promise<TornStates> {
  const { disk, entries } = recordingDisk();
  const writer = await open(FOLDER, change(disk));
  const saves: Saved[] = [];
  for (let step = 1; step <= SAVES; step++) {
    const isBest = step % BEST_EVERY === 0;
    const from = entries.length;
    await (isBest ? writer.saveBest("network", toyCheckpoint(step)) : writer.save(step, toyCheckpoint(step)));
    saves.push({ step, isBest, from, to: entries.length });
  }
  const counts = { old: 0, new: 0 };
  const problems: string[] = [];
  for (let seed = 0; seed < states; seed++) {
    const at = Math.floor((entries.length + 1) * uniform(seed, 7, 0));
    const reader = await open(FOLDER, memoryDisk(afterPowerLoss(entries, at, seed)));
    for (const isBest of [false, true]) {
      const found = await stepFound(reader, isBest);
      const kind = saves.filter((save) => save.isBest === isBest);
      const finished = kind.findLast((save) => save.to <= at)?.step;
      const begun = kind.findLast((save) => save.from < at)?.step;
      if (found === finished) counts.old += 1;
      else if (found === begun) counts.new += 1;
      else
        problems.push(
          `after call ${at} of ${entries.length}: found ${found}, ${finished} was finished, ${begun} begun`,
        );
    }
  }
  return { states, ...counts, problems };
}

/** The step of the checkpoint that is found, if it is the one that was written to the last bit; else why not. */
async function stepFound(reader: CheckpointFolder, isBest: boolean): Promise<number | string | undefined> {
  try {
    const checkpoint = isBest ? await reader.best("network") : (await reader.latest())?.checkpoint;
    if (!checkpoint) return undefined;
    const step = Number(checkpoint.header["step"]);
    return isDeepStrictEqual(checkpoint, toyCheckpoint(step)) ? step : `another than was written in step ${step}`;
  } catch (error) {
    return errorMessage(error);
  }
}

/** What became of checkpoints that were damaged. */
export interface Damages {
  readonly damages: number;
  /** Where the damage was seen, and the checkpoint before taken. */
  readonly detected: number;
  /** Where both files were named besides. */
  readonly named: number;
}

/** Flips bits of one byte of the newest of two checkpoints, or cuts it off, at random places, and looks whether the older one is taken. */
export async function damages(flips: number, cuts: number): Promise<Damages> {
  const files = new Map<string, Uint8Array>();
  const writer = await openCheckpoints(FOLDER, memoryDisk(files));
  const older = await writer.save(1, toyCheckpoint(1));
  const newer = await writer.save(2, toyCheckpoint(2));
  const good = files.get(newer) ?? new Uint8Array();
  let [detected, named] = [0, 0];
  for (let i = 0; i < flips + cuts; i++) {
    const at = Math.floor(good.length * uniform(i, 8, 0));
    const damaged = i < flips ? good.slice() : good.slice(0, at);
    if (i < flips) damaged[at] = (damaged[at] ?? 0) ^ (1 + Math.floor(255 * uniform(i, 8, 1)));
    const reader = await openCheckpoints(FOLDER, memoryDisk(new Map(files).set(newer, damaged)));
    const found = await reader.latest().catch(() => undefined);
    if (!found || !isDeepStrictEqual(found.checkpoint, toyCheckpoint(1))) continue;
    detected += 1;
    if (found.path === older && found.passedOver.length === 1 && found.passedOver[0]?.includes(newer)) named += 1;
  }
  return { damages: flips + cuts, detected, named };
}
