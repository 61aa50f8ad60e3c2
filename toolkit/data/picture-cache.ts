import { createHash } from "node:crypto";
import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import type { Pixels } from "../images/decoder.ts";
import type { CacheUsage } from "./feature-cache.ts";

/** Where the pictures lie: plain data, for the processes that read and write them. */
export interface PicturePlace {
  readonly folder: string;
  /** When the run began, by the clock of the file system, in milliseconds: the time of use of what the run uses. */
  readonly since: number;
}

export interface PictureCacheOptions {
  /** See `cacheFolder`; the pictures lie in `pictures` below it. */
  readonly folder: string;
  /** Most disk space for all pictures; 4 GB where absent. */
  readonly maxBytes?: number;
}

/** What a run may use of the disk. */
export interface PictureCache {
  readonly place: PicturePlace;
  /** Whether another picture may be written. */
  readonly hasRoom: boolean;
  /** Counts what was written, and removes what was used longest ago, before this run, while all together are over the limit. */
  add(bytes: number): Promise<void>;
}

/** "OGPX" and the version of this form. */
const MAGIC = Uint8Array.of(0x4f, 0x47, 0x50, 0x58, 1, 0, 0, 0);
/** Magic, width, height, CRC-32 of these and of the pixels. */
const HEAD_BYTES = MAGIC.length + 12;
/** Reading a smaller picture takes as long as decoding it again. */
const WORTH_BYTES = 64 * 1024;
const FILE_NAME = /^[0-9a-f]{64}\.pixels$/;
const TEMPORARY = /^[0-9a-f]{64}\.pixels\.tmp-\d+$/;
const FOLDER_NAME = /^[0-9a-f]{2}$/;

/**
 * Decoded pictures on disk, one file for each. A run keeps what it has used: where everything is larger than the limit the first pictures
 * stay and no more are written, since an epoch visits each once, so that the one used longest ago is always the next one wanted.
 */
export async function openPictureCache({ folder, maxBytes = 4e9 }: PictureCacheOptions): Promise<PictureCache> {
  const root = join(folder, "pictures");
  await mkdir(root, { recursive: true, mode: 0o700 });
  const place = { folder: root, since: await fileSystemTime(root) };
  const files = await pictureFiles(root);
  const orphans = files.filter(({ path, usedMs }) => !path.endsWith(".pixels") && usedMs < place.since - ORPHAN_MS);
  for (const { path } of orphans) await rm(path, { force: true });
  const old = files.filter(({ path }) => path.endsWith(".pixels")).toSorted((a, b) => b.usedMs - a.usedMs);
  let bytes = old.reduce((sum, file) => sum + file.bytes, 0);
  let trimming: Promise<void> = Promise.resolve();
  const trim = async (): Promise<void> => {
    while (bytes > maxBytes) {
      const file = old.pop();
      if (!file) return;
      // this run may have used it since
      const now = await stat(file.path).catch(() => undefined);
      if (now && now.mtimeMs >= place.since) continue;
      await rm(file.path, { force: true }).catch(() => {}); // in use by another process on Windows
      bytes -= file.bytes;
    }
  };
  const add = (more: number): Promise<void> => {
    bytes += more;
    trimming = trimming.then(trim);
    return trimming;
  };
  await add(0);
  return {
    place,
    get hasRoom() {
      return bytes < maxBytes || old.length > 0;
    },
    add,
  };
}

/** Temporary files of writers that must have been killed. */
const ORPHAN_MS = 3600_000;

/** What a picture is filed under: everything its pixels depend on. */
export function pictureKey(sha256: string, minSidePx: number | undefined, decoder: string): string {
  return createHash("sha256")
    .update(JSON.stringify([sha256, minSidePx ?? "full", decoder]))
    .digest("hex");
}

/**
 * The picture filed under a key; one whose check sum does not hold is none. Waits for the disk: a file is read in a tenth of the time that it
 * takes to ask for it in the background.
 */
export function readPicture(place: PicturePlace, key: string): Pixels | undefined {
  const path = pathOf(place, key);
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    const { size, mtimeMs } = fstatSync(file);
    const bytes = Buffer.allocUnsafeSlow(size);
    const picture = decodePicture(bytes.subarray(0, readSync(file, bytes, 0, size, 0)));
    if (picture && mtimeMs < place.since) touch(path, place.since / 1000);
    return picture;
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function touch(path: string, seconds: number): void {
  try {
    utimesSync(path, seconds, seconds);
  } catch {
    // it is read all the same
  }
}

/**
 * Files a picture, and returns how many bytes it takes: 0 where it is too small to be worth it, or cannot be written, which must not end
 * a run. Whoever reads meanwhile finds the whole picture or none.
 */
export function writePicture(place: PicturePlace, key: string, picture: Pixels): number {
  if (picture.data.byteLength < WORTH_BYTES) return 0;
  const path = pathOf(place, key);
  const temporary = `${path}.tmp-${process.pid}`;
  try {
    const bytes = encodePicture(picture);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(temporary, bytes, { mode: 0o600 });
    renameSync(temporary, path);
    return bytes.length;
  } catch {
    remove(temporary);
    return 0;
  }
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // then it was never made
  }
}

/** How much decoded pictures take on disk. */
export async function pictureUsage(folder: string): Promise<CacheUsage> {
  const files = await pictureFiles(join(folder, "pictures"));
  return { files: files.length, bytes: files.reduce((sum, file) => sum + file.bytes, 0) };
}

/** Removes all decoded pictures, and nothing else; returns what was removed. */
export async function clearPictures(folder: string): Promise<CacheUsage> {
  const usage = await pictureUsage(folder);
  for (const { path } of await pictureFiles(join(folder, "pictures"))) await rm(path, { force: true });
  return usage;
}

function pathOf({ folder }: PicturePlace, key: string): string {
  return join(folder, key.slice(0, 2), `${key}.pixels`);
}

function encodePicture({ width, height, data }: Pixels): Uint8Array {
  const head = Buffer.alloc(HEAD_BYTES);
  head.set(MAGIC);
  head.writeUInt32LE(width, MAGIC.length);
  head.writeUInt32LE(height, MAGIC.length + 4);
  head.writeUInt32LE(crc32(data, crc32(head.subarray(0, -4))), HEAD_BYTES - 4);
  return Buffer.concat([head, data]);
}

function decodePicture(bytes: Buffer): Pixels | undefined {
  if (bytes.length < HEAD_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const [width, height] = [bytes.readUInt32LE(MAGIC.length), bytes.readUInt32LE(MAGIC.length + 4)];
  const data = bytes.subarray(HEAD_BYTES);
  if (data.length !== width * height * 3) return undefined;
  const sum = crc32(data, crc32(bytes.subarray(0, HEAD_BYTES - 4)));
  return sum === bytes.readUInt32LE(HEAD_BYTES - 4) ? { width, height, data } : undefined;
}

/** What the file system's clock says: the only one that the times of files can be compared with. */
async function fileSystemTime(folder: string): Promise<number> {
  const probe = join(folder, `.opened-${process.pid}`);
  await writeFile(probe, "");
  const { mtimeMs } = await stat(probe);
  await rm(probe, { force: true });
  return Math.floor(mtimeMs / 1000) * 1000; // whole seconds come back from every file system as they were set
}

interface PictureFile {
  readonly path: string;
  readonly bytes: number;
  readonly usedMs: number;
}

/** Pictures, and what writers that were killed left behind. */
async function pictureFiles(root: string): Promise<readonly PictureFile[]> {
  const files: PictureFile[] = [];
  for (const folder of (await readdir(root).catch(() => [] as string[])).filter((n) => FOLDER_NAME.test(n))) {
    const names = (await readdir(join(root, folder))).filter((n) => FILE_NAME.test(n) || TEMPORARY.test(n));
    const found = names.map(async (name) => {
      const path = join(root, folder, name);
      const status = await stat(path).catch(() => undefined);
      return status ? [{ path, bytes: status.size, usedMs: status.mtimeMs }] : [];
    });
    files.push(...(await Promise.all(found)).flat());
  }
  return files;
}
