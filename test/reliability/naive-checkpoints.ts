import { join } from "node:path";
import { decodeCheckpoint, encodeCheckpoint } from "../../toolkit/train/checkpoint.ts";
import type { Checkpoint } from "../../toolkit/train/checkpoint.ts";
import type { CheckpointFolder } from "../../toolkit/train/checkpoint-folder.ts";
import type { Disk } from "../../toolkit/train/disk.ts";

/** What one writes first: one file, written over in place. It must be caught, or these tests see nothing. */
export async function openNaiveCheckpoints(folder: string, disk: Disk): Promise<CheckpointFolder> {
  await disk.makeFolder(folder);
  const write = async (name: string, checkpoint: Checkpoint): Promise<string> => {
    const path = join(folder, name);
    const file = await disk.create(path);
    await file.write(await encodeCheckpoint(checkpoint));
    await file.close();
    return path;
  };
  const read = async (name: string): Promise<Checkpoint | undefined> => {
    if (!(await disk.list(folder)).includes(name)) return undefined;
    return decodeCheckpoint(await disk.read(join(folder, name)), name);
  };
  return {
    save: (_step, checkpoint) => write("latest.ckpt", checkpoint),
    saveBest: (stage, checkpoint) => write(`best-${stage}.ckpt`, checkpoint),
    async latest() {
      const checkpoint = await read("latest.ckpt");
      return checkpoint && { checkpoint, path: join(folder, "latest.ckpt"), passedOver: [] };
    },
    best: (stage) => read(`best-${stage}.ckpt`),
  };
}
