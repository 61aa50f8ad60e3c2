import { realpath, stat } from "node:fs/promises";
import { ToolkitError } from "../errors.ts";
import { notFound } from "./not-found.ts";
import type { BadFile } from "./sample.ts";
import { scanFolder } from "./scan.ts";

export interface PhotoList {
  readonly photos: readonly string[];
  readonly bad: readonly BadFile[];
}

/**
 * The photos that files and folders stand for, each once. A file named by the caller is taken whatever it is called; folders are read to any
 * depth.
 * @throws E_DATA_NOT_FOUND for a path that does not exist
 */
export async function listPhotos(paths: readonly string[]): Promise<PhotoList> {
  const photos = new Map<string, string>();
  const bad: BadFile[] = [];
  const add = async (path: string): Promise<void> => {
    const real = await realpath(path);
    if (!photos.has(real)) photos.set(real, path);
  };
  for (const path of paths) {
    const status = await stat(path).catch(() => undefined);
    if (!status) throw await notFound(path);
    if (status.isDirectory()) {
      const scan = await scanFolder(path);
      for (const photo of scan.photos) await add(photo.path);
      bad.push(...scan.bad);
    } else if (status.isFile()) await add(path);
    else throw new ToolkitError("E_DATA_NOT_FOUND", `Cannot read "${path}": expected a file or a folder`);
  }
  return { photos: [...photos.values()], bad };
}
