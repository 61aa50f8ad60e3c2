import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { unzipSync } from "fflate";
import type { UnzipFileInfo } from "fflate";
import { errorMessage, ToolkitError } from "../toolkit/errors.ts";

export interface UnzipLimits {
  /** Of the unpacked files together; 1 GiB where absent. */
  readonly maxBytes?: number;
  readonly maxFiles?: number;
}

/** How much is unpacked into memory at once, but for a single larger file. */
const BATCH_BYTES = 64 * 2 ** 20;
/** Names that Windows gives to devices. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/**
 * Unpacks a zip archive into `folder`, which must not be there yet and appears only when all files are written. Every entry becomes a plain
 * file inside it: links in the archive are not made, and an entry that points outside refuses the whole archive.
 * @throws E_DATA_FORMAT for a broken or hostile archive, E_DATA_LAYOUT where `folder` exists
 */
export async function unzip(
  path: string,
  folder: string,
  { maxBytes = 2 ** 30, maxFiles = 100_000 }: UnzipLimits = {},
): Promise<void> {
  if (await stat(folder).catch(() => undefined)) throw inTheWay(folder);
  const zip = await readFile(path);
  const entries = listed(zip, path);
  const bytes = entries.reduce((sum, e) => sum + e.originalSize, 0);
  if (entries.length > maxFiles || bytes > maxBytes) {
    throw refusal(
      path,
      `it holds ${entries.length} files of ${bytes} bytes, the limit is ${maxFiles} files and ${maxBytes} bytes`,
    );
  }
  const names = new Set(entries.map((e) => e.name.toLowerCase()));
  if (names.size !== entries.length) throw refusal(path, "two entries have one name");
  const unfinished = `${folder}.${randomUUID()}.unfinished`;
  try {
    for (const batch of batches(entries)) await extract(zip, batch, unfinished, path);
    await rename(unfinished, folder).catch((error: unknown) => {
      throw inTheWay(folder, error);
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** The files an archive says it has; its folders follow from their paths. */
function listed(zip: Uint8Array, path: string): readonly UnzipFileInfo[] {
  const all: UnzipFileInfo[] = [];
  unpacked(zip, path, (entry) => {
    all.push(entry);
    return false;
  });
  const bad = all.find((e) => !isSafe(e.name));
  if (bad) throw refusal(path, `the entry "${bad.name}" is no path inside the archive`);
  return all.filter((e) => !e.name.endsWith("/"));
}

async function extract(zip: Uint8Array, batch: readonly UnzipFileInfo[], folder: string, path: string): Promise<void> {
  const sizes = new Map(batch.map((e) => [e.name, e.originalSize]));
  const files = unpacked(zip, path, (entry) => sizes.has(entry.name));
  const found = Object.entries(files);
  if (found.length !== batch.length) throw refusal(path, "an entry has a name that cannot be used");
  for (const [name, data] of found) {
    if (data.byteLength !== sizes.get(name)) throw refusal(path, `the entry "${name}" has another size than it says`);
    const to = join(folder, ...name.split("/"));
    await mkdir(dirname(to), { recursive: true });
    await writeFile(to, data, { flag: "wx" });
  }
}

function unpacked(
  zip: Uint8Array,
  path: string,
  filter: (entry: UnzipFileInfo) => boolean,
): Record<string, Uint8Array> {
  try {
    return unzipSync(zip, { filter });
  } catch (error) {
    throw refusal(path, errorMessage(error), error);
  }
}

function* batches(entries: readonly UnzipFileInfo[]): Generator<readonly UnzipFileInfo[]> {
  let batch: UnzipFileInfo[] = [];
  let bytes = 0;
  for (const entry of entries) {
    if (batch.length > 0 && bytes + entry.originalSize > BATCH_BYTES) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(entry);
    bytes += entry.originalSize;
  }
  if (batch.length > 0) yield batch;
}

/** Whether a name stays inside the folder on every system. */
function isSafe(name: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
  if (name.length > 1000 || /[\u0000-\u001f\\:*?"<>|]/.test(name)) return false;
  const parts = name.replace(/\/$/, "").split("/");
  return parts.every((part) => part !== "" && !/[. ]$/.test(part) && !DEVICE.test(part));
}

function inTheWay(folder: string, cause?: unknown): ToolkitError {
  return new ToolkitError("E_DATA_LAYOUT", `Cannot unpack into "${folder}": it is there already`, {
    hint: "delete it, or choose another folder",
    ...(cause === undefined ? {} : { cause }),
  });
}

function refusal(path: string, reason: string, cause?: unknown): ToolkitError {
  return new ToolkitError("E_DATA_FORMAT", `Cannot unpack "${path}": ${reason}`, {
    hint: "download the archive again, or unpack it yourself and give the folder",
    ...(cause === undefined ? {} : { cause }),
  });
}
