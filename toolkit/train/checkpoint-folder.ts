import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { ToolkitError, errorCode, errorMessage } from "../errors.ts";
import { checkpointPieces, decodeCheckpoint } from "./checkpoint.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { nodeDisk } from "./disk.ts";
import type { Disk, DiskFile } from "./disk.ts";

/** How many numbered checkpoints are kept beside the best one. */
const KEPT = 2;
/** Bytes that are written at a time, while the next are digested. */
const PIECE_BYTES = 4 * 2 ** 20;
const NUMBERED = /^step-(\d+)\.ckpt$/;

/** A checkpoint that was found. */
export interface FoundCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly path: string;
  /** Why newer ones could not be used, each with its path. */
  readonly passedOver: readonly string[];
}

/** The checkpoints of a run: `step-N.ckpt`, newest last, and `best-STAGE.ckpt`. Everything rejects with E_WRITE where it cannot write. */
export interface CheckpointFolder {
  /** Writes the checkpoint of a step; only then are others removed, but for the one before it. */
  save(step: number, checkpoint: Checkpoint): Promise<string>;
  saveBest(stage: string, checkpoint: Checkpoint): Promise<string>;
  /**
   * The newest checkpoint whose digest holds; nothing where none was written yet.
   * @throws E_CHECKPOINT where there are some, and none can be read
   */
  latest(): Promise<FoundCheckpoint | undefined>;
  /**
   * The best one of a stage; nothing where none was written yet.
   * @throws E_CHECKPOINT where it cannot be read
   */
  best(stage: string): Promise<Checkpoint | undefined>;
}

/** Opens (and makes) the folder, which nobody else writes. Left-over temporary files of writers that were killed are removed. */
export async function openCheckpoints(folder: string, disk: Disk = nodeDisk): Promise<CheckpointFolder> {
  try {
    await disk.makeFolder(folder);
    for (const name of await disk.list(folder)) if (name.includes(".tmp-")) await disk.remove(join(folder, name));
  } catch (error) {
    throw notWritten(folder, error);
  }
  const numbered = async (): Promise<readonly { name: string; step: number }[]> =>
    (await disk.list(folder))
      .map((name) => ({ name, step: Number(NUMBERED.exec(name)?.[1] ?? Number.NaN) }))
      .filter((c) => !Number.isNaN(c.step))
      .toSorted((a, b) => a.step - b.step);
  return {
    async save(step, checkpoint) {
      const path = join(folder, `step-${step}.ckpt`);
      await writeDurably(path, piecesOf(checkpoint), disk);
      const all = await numbered();
      // those of later steps were passed over when the run was resumed
      const kept = new Set(all.filter((c) => c.step <= step).slice(-KEPT));
      for (const other of all.filter((c) => !kept.has(c))) await removeOld(join(folder, other.name), disk);
      return path;
    },
    async saveBest(stage, checkpoint) {
      const path = join(folder, `best-${stage}.ckpt`);
      await writeDurably(path, piecesOf(checkpoint), disk);
      return path;
    },
    async latest() {
      const passedOver: string[] = [];
      for (const { name } of (await numbered()).toReversed()) {
        const path = join(folder, name);
        try {
          return { checkpoint: await readCheckpoint(path, disk), path, passedOver };
        } catch (error) {
          passedOver.push(errorMessage(error));
        }
      }
      if (passedOver.length === 0) return undefined;
      throw new ToolkitError("E_CHECKPOINT", `Cannot go on from "${folder}": ${passedOver.join("; ")}`, {
        hint: "start a new run folder",
      });
    },
    async best(stage) {
      const path = join(folder, `best-${stage}.ckpt`);
      const names = await disk.list(folder);
      return names.includes(`best-${stage}.ckpt`) ? readCheckpoint(path, disk) : undefined;
    },
  };
}

function piecesOf(checkpoint: Checkpoint): Iterable<Uint8Array> {
  return checkpointPieces(checkpoint, createHash("sha256"), PIECE_BYTES);
}

async function readCheckpoint(path: string, disk: Disk): Promise<Checkpoint> {
  let bytes: Uint8Array;
  try {
    bytes = await disk.read(path);
  } catch (error) {
    throw new ToolkitError("E_CHECKPOINT", `Cannot read "${path}": ${errorMessage(error)}`, { cause: error });
  }
  return decodeCheckpoint(bytes, `"${path}"`);
}

async function removeOld(path: string, disk: Disk): Promise<void> {
  try {
    await disk.remove(path);
  } catch (error) {
    throw new ToolkitError("E_WRITE", `Cannot remove "${path}": ${errorMessage(error)}`, { cause: error });
  }
}

/**
 * Writes a file, from one piece or several, so that after a crash it is the old one or the new one: temporary file in the same folder, fsync, rename, fsync of the folder.
 * @throws E_WRITE with the reason; the old file is as it was, and nothing else is left behind where it can be removed
 */
export async function writeDurably(
  path: string,
  content: Uint8Array | string | Iterable<Uint8Array>,
  disk: Disk = nodeDisk,
): Promise<void> {
  const temporary = `${path}.tmp-${process.pid}`;
  try {
    const file = await disk.create(temporary);
    try {
      await writePieces(file, typeof content === "string" ? [new TextEncoder().encode(content)] : content);
      await file.sync();
    } finally {
      await file.close();
    }
    await disk.rename(temporary, path);
    await disk.syncFolder(dirname(path));
  } catch (error) {
    // what stays all the same is removed when the run is resumed
    await disk.remove(temporary).catch(() => {});
    throw notWritten(path, error);
  }
}

async function writePieces(file: DiskFile, content: Uint8Array | Iterable<Uint8Array>): Promise<void> {
  let writing = Promise.resolve();
  for (const piece of content instanceof Uint8Array ? [content] : content) {
    // the loop has made this piece while the one before was being written
    await writing;
    writing = file.write(piece);
  }
  await writing;
}

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: "make room on the disk and give the command again; a run goes on with --resume",
  EDQUOT: "make room within the quota and give the command again; a run goes on with --resume",
  EACCES: "this user may not write there",
  EPERM: "this user may not write there",
  EROFS: "the disk is mounted read-only",
};

function notWritten(path: string, error: unknown): ToolkitError {
  const hint = HINTS[errorCode(error) ?? ""];
  return new ToolkitError("E_WRITE", `Cannot write "${path}": ${errorMessage(error)}`, {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}
