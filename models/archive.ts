import { rm, stat } from "node:fs/promises";
import { errorCode } from "../toolkit/errors.ts";
import { fetchFile } from "./download.ts";
import type { DownloadOptions, FileSource } from "./download.ts";
import { unzip } from "./unzip.ts";
import type { UnzipLimits } from "./unzip.ts";

export interface FetchedFolder {
  /** The folder the archive was unpacked into. */
  readonly folder: string;
  /** One line for the log where the archive's digest was unknown and is now recorded. */
  readonly note?: string;
}

/** Ants and bees, the photos of PyTorch's transfer-learning tutorial; no digest and no licence are published for them. */
export const hymenoptera: FileSource = {
  urls: ["https://download.pytorch.org/tutorial/hymenoptera_data.zip"],
  maxBytes: 200 * 2 ** 20,
};

/**
 * A zip archive of photos, downloaded and unpacked into a folder beside it in the cache; at once where that is already there.
 * @throws as fetchFile and unzip
 */
export async function fetchArchive(
  source: FileSource,
  options: DownloadOptions,
  limits: UnzipLimits = {},
): Promise<FetchedFolder> {
  const { path, note, sha256 } = await fetchFile(source, options);
  const folder = `${path}.${sha256.slice(0, 16)}`;
  if (!(await stat(folder).catch(() => undefined))) {
    try {
      await unzip(path, folder, limits);
    } catch (error) {
      const unpackedMeanwhile = errorCode(error) === "E_DATA_LAYOUT";
      // a digest was recorded for what turned out to be no archive: the next attempt must be free to fetch another file
      if (!unpackedMeanwhile && note !== undefined) await forget([path, source.recordTo ?? `${path}.json`]);
      if (!unpackedMeanwhile) throw error;
    }
  }
  return note === undefined ? { folder } : { folder, note };
}

async function forget(paths: readonly string[]): Promise<void> {
  for (const path of paths) await rm(path, { force: true });
}
