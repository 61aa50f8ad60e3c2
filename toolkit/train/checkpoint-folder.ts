import { open, mkdir, readFile, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ToolkitError, errorMessage } from "../errors.ts";
import { decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import type { Checkpoint } from "./checkpoint.ts";

/** How many numbered checkpoints are kept beside the best one. */
const KEPT = 2;
const NUMBERED = /^step-(\d+)\.ckpt$/;

/** The checkpoints of a run: `step-N.ckpt`, newest last, and `best-STAGE.ckpt`. */
export interface CheckpointFolder {
  /** Writes the checkpoint of a step; only then are older ones removed. */
  save(step: number, checkpoint: Checkpoint): Promise<string>;
  saveBest(stage: string, checkpoint: Checkpoint): Promise<string>;
  /** The newest checkpoint whose digest holds, and why newer ones were passed over. */
  latest(): Promise<
    { readonly checkpoint: Checkpoint; readonly path: string; readonly passedOver: readonly string[] } | undefined
  >;
  best(stage: string): Promise<Checkpoint | undefined>;
}

/** Opens (and makes) the folder. Left-over temporary files of writers that were killed are removed. */
export async function openCheckpoints(folder: string): Promise<CheckpointFolder> {
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) if (name.includes(".tmp-")) await rm(join(folder, name), { force: true });
  const numbered = async (): Promise<readonly { name: string; step: number }[]> =>
    (await readdir(folder))
      .map((name) => ({ name, step: Number(NUMBERED.exec(name)?.[1] ?? Number.NaN) }))
      .filter((c) => !Number.isNaN(c.step))
      .toSorted((a, b) => a.step - b.step);
  return {
    async save(step, checkpoint) {
      const path = join(folder, `step-${step}.ckpt`);
      await writeDurably(path, await encodeCheckpoint(checkpoint));
      for (const old of (await numbered()).slice(0, -KEPT)) await rm(join(folder, old.name), { force: true });
      return path;
    },
    async saveBest(stage, checkpoint) {
      const path = join(folder, `best-${stage}.ckpt`);
      await writeDurably(path, await encodeCheckpoint(checkpoint));
      return path;
    },
    async latest() {
      const passedOver: string[] = [];
      for (const { name } of (await numbered()).toReversed()) {
        const path = join(folder, name);
        try {
          return { checkpoint: await decodeCheckpoint(await readFile(path), path), path, passedOver };
        } catch (error) {
          passedOver.push(errorMessage(error));
        }
      }
      return undefined;
    },
    async best(stage) {
      const path = join(folder, `best-${stage}.ckpt`);
      try {
        return await decodeCheckpoint(await readFile(path), path);
      } catch {
        return undefined;
      }
    },
  };
}

/**
 * Writes a file so that after a crash it is the old one or the new one: temporary file in the same folder, fsync, rename, fsync of the folder.
 * @throws E_WRITE with the reason, and nothing is left behind
 */
export async function writeDurably(path: string, bytes: Uint8Array | string): Promise<void> {
  const temporary = `${path}.tmp-${process.pid}`;
  try {
    const file = await open(temporary, "w");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw new ToolkitError("E_WRITE", `Cannot write "${path}": ${errorMessage(error)}`, { cause: error });
  }
}

/** A folder cannot be fsynced on Windows; there the rename is as durable as it gets. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
