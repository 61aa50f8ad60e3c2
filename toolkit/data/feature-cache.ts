import { createHash } from "node:crypto";
import { mkdir, open, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { errorCode, errorMessage, ToolkitError } from "../errors.ts";
import { fromBytes, toBytes } from "../graph/tensor.ts";

export interface FeatureCacheOptions {
  /** See `cacheFolder`; the features lie in `features` below it. */
  readonly folder: string;
  /** Everything on which features depend besides the file's bytes: digest of the model, size, resize rule, normalisation. */
  readonly signature: string;
  /** Numbers in a feature vector. */
  readonly width: number;
  /** Most disk space for the features of all signatures; 2 GB where absent. */
  readonly maxBytes?: number;
}

/** Feature vectors by the SHA-256 (hexadecimal) of the file they came from. */
export interface FeatureCache {
  readonly size: number;
  get(hash: string): Float32Array | undefined;
  /** Kept at once, written by `flush` or `close`. */
  put(hash: string, features: Float32Array): void;
  /** @throws E_WRITE */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface CacheUsage {
  readonly files: number;
  readonly bytes: number;
}

/** "OGFR": a record begins with it, so that the reader finds the next one behind a torn one. */
const MAGIC = Uint8Array.of(0x4f, 0x47, 0x46, 0x52);
const HASH_BYTES = 32;
const HEAD_BYTES = MAGIC.length + HASH_BYTES;
const FILE_NAME = /^[0-9a-f]{32}\.features$/;

/**
 * Features on disk, one append-only file for each signature: records of magic, hash, numbers and CRC-32, all little-endian.
 *
 * Several processes may write one file: records are appended whole, in one write, to a file opened for appending. So nothing is ever cut off,
 * not even a torn tail (another process may be just writing it): the reader passes over what its check sum does not confirm.
 * Opening removes the files that were last written longest ago, while all together are over `maxBytes`.
 */
export async function openFeatureCache({
  folder,
  signature,
  width,
  maxBytes = 2e9,
}: FeatureCacheOptions): Promise<FeatureCache> {
  const place = join(folder, "features");
  const name = `${createHash("sha256")
    .update(JSON.stringify([1, signature, width]))
    .digest("hex")
    .slice(0, 32)}.features`;
  const path = join(place, name);
  await mkdir(place, { recursive: true });
  await evict(place, name, maxBytes);
  const entries = readRecords(await readFile(path).catch(absent), width);
  let unwritten: Uint8Array[] = [];
  let writing: Promise<void> = Promise.resolve();
  const write = async (): Promise<void> => {
    const records = unwritten;
    unwritten = [];
    if (records.length > 0) await append(path, Buffer.concat(records));
  };
  const flush = (): Promise<void> => {
    writing = writing.catch(() => {}).then(write);
    return writing;
  };
  return {
    get size() {
      return entries.size;
    },
    get: (hash) => entries.get(hash),
    put(hash, features) {
      if (features.length !== width || !/^[0-9a-f]{64}$/.test(hash)) {
        throw new ToolkitError(
          "E_SETTING",
          `Cannot keep ${features.length} features of "${hash}": expected ${width} of a SHA-256`,
        );
      }
      if (entries.has(hash)) return;
      const own = features.slice();
      entries.set(hash, own);
      unwritten.push(record(hash, own));
    },
    flush,
    close: flush,
  };
}

/** How much the features of all signatures take on disk. */
export async function cacheUsage(folder: string): Promise<CacheUsage> {
  const files = await featureFiles(join(folder, "features"));
  return { files: files.length, bytes: files.reduce((sum, file) => sum + file.bytes, 0) };
}

/** Removes the features of all signatures, and nothing else; returns what was removed. */
export async function clearCache(folder: string): Promise<CacheUsage> {
  const usage = await cacheUsage(folder);
  for (const file of await featureFiles(join(folder, "features"))) await rm(file.path, { force: true });
  return usage;
}

function record(hash: string, features: Float32Array): Uint8Array {
  const bytes = Buffer.concat([MAGIC, Buffer.from(hash, "hex"), toBytes(features), Buffer.alloc(4)]);
  bytes.writeUInt32LE(crc32(bytes.subarray(MAGIC.length, -4)), bytes.length - 4);
  return bytes;
}

function readRecords(bytes: Buffer, width: number): Map<string, Float32Array> {
  const entries = new Map<string, Float32Array>();
  const length = HEAD_BYTES + width * 4 + 4;
  for (let at = bytes.indexOf(MAGIC); at >= 0 && at + length <= bytes.length;) {
    const end = at + length - 4;
    if (crc32(bytes.subarray(at + MAGIC.length, end)) === bytes.readUInt32LE(end)) {
      const features = fromBytes("float32", bytes.subarray(at + HEAD_BYTES, end)) as Float32Array;
      entries.set(bytes.toString("hex", at + MAGIC.length, at + HEAD_BYTES), features);
      at = bytes.indexOf(MAGIC, at + length);
    } else at = bytes.indexOf(MAGIC, at + 1);
  }
  return entries;
}

async function append(path: string, bytes: Uint8Array): Promise<void> {
  try {
    const file = await open(path, "a");
    try {
      const { bytesWritten } = await file.write(bytes);
      if (bytesWritten !== bytes.byteLength)
        throw new Error(`only ${bytesWritten} of ${bytes.byteLength} bytes were written`);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new ToolkitError("E_WRITE", `Cannot write features to "${path}": ${errorMessage(error)}`, { cause: error });
  }
}

async function evict(place: string, own: string, maxBytes: number): Promise<void> {
  const files = (await featureFiles(place)).toSorted((a, b) => a.writtenMs - b.writtenMs);
  let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  // this signature's own file goes last, where it alone is too large
  for (const file of [...files.filter((f) => f.name !== own), ...files.filter((f) => f.name === own)]) {
    if (bytes <= maxBytes) return;
    await rm(file.path, { force: true }).catch(() => {}); // in use by another process on Windows
    bytes -= file.bytes;
  }
}

interface FeatureFile {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
  readonly writtenMs: number;
}

async function featureFiles(place: string): Promise<readonly FeatureFile[]> {
  const names = await readdir(place).catch(() => [] as string[]);
  const files: FeatureFile[] = [];
  for (const name of names.filter((n) => FILE_NAME.test(n))) {
    const path = join(place, name);
    const status = await stat(path).catch(() => undefined);
    if (status) files.push({ name, path, bytes: status.size, writtenMs: status.mtimeMs });
  }
  return files;
}

function absent(error: unknown): Buffer {
  if (errorCode(error) === "ENOENT") return Buffer.alloc(0);
  throw error;
}
