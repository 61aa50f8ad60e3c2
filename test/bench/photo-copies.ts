import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { listPhotos } from "../../toolkit/node.ts";

/** A folder that whoever made it removes. */
export interface PhotoCopies {
  readonly folder: string;
  remove(): Promise<void>;
}

/**
 * A folder of `count` photos that all differ in their bytes: those of `folders` again and again, each time with another number at the end of the file,
 * where decoders do not look.
 */
export async function photoCopies(folders: readonly string[], count: number): Promise<PhotoCopies> {
  const { photos } = await listPhotos(folders);
  const folder = await mkdtemp(join(tmpdir(), "onnx-graft-bench-photos-"));
  for (let i = 0; i < count; i++) {
    const photo = photos[i % photos.length] ?? "";
    const bytes = Buffer.concat([await readFile(photo), Buffer.from(`${i}`)]);
    await writeFile(join(folder, `${String(i).padStart(6, "0")}${extname(photo)}`), bytes);
  }
  return { folder, remove: () => rm(folder, { recursive: true }) };
}
