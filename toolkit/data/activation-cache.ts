import { createHash } from "node:crypto";
import { mkdir, open, readdir, rm, rmdir, stat, statfs, utimes } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { errorCode, errorMessage, ToolkitError } from "../errors.ts";
import type { CacheUsage } from "./feature-cache.ts";

export interface ActivationCacheOptions {
  /** See `cacheFolder`; the activations lie in `activations` below it. */
  readonly folder: string;
  /** Everything on which activations depend besides the photo and its view: digest of the frozen part, size, normalisation, type. */
  readonly signature: string;
  /** Length of every record in bytes. */
  readonly recordBytes: number;
  /** Bytes that all records of this signature will take in the end: those of others make room for them. */
  readonly neededBytes: number;
  /** Most disk space for all signatures. */
  readonly maxBytes: number;
  /** Most of one file; 256 MB where absent. */
  readonly fileBytes?: number;
}

/** Activations by the SHA-256 (hexadecimal) of photo and view, on disk: they are read when they are wanted. */
export interface ActivationCache {
  readonly size: number;
  /** Undefined where there is none, or its check sum is wrong. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** @throws E_WRITE */
  put(key: string, record: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** "OGAC": a record begins with it. */
const MAGIC = Uint8Array.of(0x4f, 0x47, 0x41, 0x43);
const HEAD_BYTES = MAGIC.length + 32;
const FOLDER_NAME = /^[0-9a-f]{32}$/;
const FILE_NAME = /^\d{6}\.activations$/;

interface Place {
  readonly file: FileHandle;
  readonly offset: number;
}

/**
 * Opens the activations of one signature: files of records of magic, key, bytes and CRC-32. A process writes files of its own and adds to no other's, so
 * that a crash can only tear the end of the last one, which the next reader passes over. Files are kept open: another process that makes room takes
 * nothing away from this one.
 * @throws E_WRITE where the disk has no room for `neededBytes`
 */
export async function openActivationCache(options: ActivationCacheOptions): Promise<ActivationCache> {
  const { folder, signature, recordBytes, neededBytes, maxBytes, fileBytes = 256e6 } = options;
  const root = join(folder, "activations");
  const name = createHash("sha256")
    .update(JSON.stringify([1, signature, recordBytes]))
    .digest("hex")
    .slice(0, 32);
  const place = join(root, name);
  await mkdir(place, { recursive: true });
  await makeRoom(root, name, { neededBytes, maxBytes });
  const length = HEAD_BYTES + recordBytes + 4;
  const files: FileHandle[] = [];
  const places = new Map<string, Place>();
  for (const file of await fileNames(place)) {
    const handle = await open(join(place, file), "r");
    files.push(handle);
    for (const [key, offset] of await keysIn(handle, length)) places.set(key, { file: handle, offset });
  }
  let own: { readonly file: FileHandle; bytes: number } | undefined;
  const write = async (key: string, bytes: Uint8Array): Promise<void> => {
    if (places.has(key)) return;
    if (!own || own.bytes + bytes.length > Math.max(fileBytes, bytes.length)) {
      own = { file: await newFile(place), bytes: 0 };
      files.push(own.file);
    }
    const { bytesWritten } = await own.file.write(bytes, 0, bytes.length, own.bytes);
    if (bytesWritten !== bytes.length) throw new Error(`only ${bytesWritten} of ${bytes.length} bytes were written`);
    places.set(key, { file: own.file, offset: own.bytes });
    own.bytes += bytes.length;
  };
  let writing: Promise<void> = Promise.resolve();
  return {
    get size() {
      return places.size;
    },
    async get(key) {
      const found = places.get(key);
      if (!found) return undefined;
      const bytes = Buffer.allocUnsafe(length);
      const { bytesRead } = await found.file.read(bytes, 0, length, found.offset);
      if (bytesRead === length && isWhole(bytes)) return bytes.subarray(HEAD_BYTES, -4);
      places.delete(key);
      return undefined;
    },
    put(key, record) {
      expectRecord(key, record, recordBytes);
      if (places.has(key)) return Promise.resolve();
      const bytes = withHead(key, record);
      writing = writing.catch(() => {}).then(() => write(key, bytes).catch((error) => cannotWrite(place, error)));
      return writing;
    },
    async close() {
      await writing.catch(() => {});
      await Promise.all(files.splice(0).map((file) => file.close()));
    },
  };
}

/** How much the activations of all signatures take on disk. */
export async function activationUsage(folder: string): Promise<CacheUsage> {
  const kept = await signatures(join(folder, "activations"));
  return { files: kept.reduce((n, s) => n + s.files, 0), bytes: kept.reduce((n, s) => n + s.bytes, 0) };
}

/** Removes the activations of all signatures, and nothing else; returns what was removed. */
export async function clearActivations(folder: string): Promise<CacheUsage> {
  const usage = await activationUsage(folder);
  for (const { path } of await signatures(join(folder, "activations"))) await removeAll(path);
  return usage;
}

/** Removes the signatures that were used longest ago while there is too little room. */
async function makeRoom(
  root: string,
  own: string,
  { neededBytes, maxBytes }: Pick<ActivationCacheOptions, "neededBytes" | "maxBytes">,
): Promise<void> {
  const kept = await signatures(root);
  const others = kept.filter((s) => s.name !== own).toSorted((a, b) => a.usedMs - b.usedMs);
  const known = kept.find((s) => s.name === own)?.bytes ?? 0;
  const wanted = Math.max(0, neededBytes - known);
  let bytes = others.reduce((sum, s) => sum + s.bytes, 0);
  const free = async (): Promise<number> => {
    const { bavail, bsize } = await statfs(root);
    return bavail * bsize;
  };
  for (const { path, bytes: freed } of others) {
    if (bytes + neededBytes <= maxBytes && wanted <= (await free())) break;
    await removeAll(path);
    bytes -= freed;
  }
  const room = await free();
  if (wanted > room) {
    throw new ToolkitError(
      "E_WRITE",
      `Cannot keep activations in "${root}": they take ${megabytes(wanted)} more, and ${megabytes(room)} are free`,
      { hint: "choose fewer --views, --cache-type float16, or another folder with --cache" },
    );
  }
  // this signature is the last that was used
  const used = Math.max(...kept.map((s) => s.usedMs)) + 1;
  await utimes(join(root, own), used / 1000, used / 1000);
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}

interface Signature {
  readonly name: string;
  readonly path: string;
  readonly files: number;
  readonly bytes: number;
  readonly usedMs: number;
}

async function signatures(root: string): Promise<readonly Signature[]> {
  const names = (await readdir(root).catch(() => [] as string[])).filter((name) => FOLDER_NAME.test(name));
  const found: Signature[] = [];
  for (const name of names) {
    const path = join(root, name);
    const status = await stat(path).catch(() => undefined);
    const files = await fileNames(path);
    const sizes = await Promise.all(files.map((file) => stat(join(path, file)).catch(() => undefined)));
    const bytes = sizes.reduce((sum, s) => sum + (s?.size ?? 0), 0);
    if (status) found.push({ name, path, files: files.length, bytes, usedMs: status.mtimeMs });
  }
  return found;
}

async function removeAll(path: string): Promise<void> {
  for (const file of await fileNames(path)) await rm(join(path, file), { force: true }).catch(() => {});
  // in use on Windows, or something else lies there
  await rmdir(path).catch(() => {});
}

async function fileNames(place: string): Promise<readonly string[]> {
  const names = await readdir(place).catch(() => [] as string[]);
  return names.filter((name) => FILE_NAME.test(name)).toSorted();
}

/** A file that no other process writes. */
async function newFile(place: string): Promise<FileHandle> {
  const names = await fileNames(place);
  for (let number = Number.parseInt(names.at(-1) ?? "0", 10) + 1; ; number++) {
    try {
      return await open(join(place, `${String(number).padStart(6, "0")}.activations`), "wx+");
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
    }
  }
}

/** The keys of a file's records with where each begins; their bytes are checked when they are read. */
async function keysIn(file: FileHandle, length: number): Promise<readonly (readonly [string, number])[]> {
  const { size } = await file.stat();
  const head = Buffer.alloc(HEAD_BYTES);
  const found: (readonly [string, number])[] = [];
  for (let offset = 0; offset + length <= size; offset += length) {
    await file.read(head, 0, HEAD_BYTES, offset);
    if (head.subarray(0, MAGIC.length).equals(MAGIC)) found.push([head.toString("hex", MAGIC.length), offset]);
  }
  return found;
}

function withHead(key: string, record: Uint8Array): Uint8Array {
  const bytes = Buffer.concat([MAGIC, Buffer.from(key, "hex"), record, Buffer.alloc(4)]);
  bytes.writeUInt32LE(crc32(bytes.subarray(MAGIC.length, -4)), bytes.length - 4);
  return bytes;
}

function isWhole(bytes: Buffer): boolean {
  return crc32(bytes.subarray(MAGIC.length, -4)) === bytes.readUInt32LE(bytes.length - 4);
}

function expectRecord(key: string, record: Uint8Array, recordBytes: number): void {
  if (record.length === recordBytes && /^[0-9a-f]{64}$/.test(key)) return;
  throw new ToolkitError(
    "E_SETTING",
    `Cannot keep ${record.length} bytes of activations as "${key}": expected ${recordBytes} of a SHA-256`,
  );
}

function cannotWrite(place: string, error: unknown): never {
  throw new ToolkitError("E_WRITE", `Cannot write activations to "${place}": ${errorMessage(error)}`, { cause: error });
}
