import { open, readdir, stat } from "node:fs/promises";
import { constants, gunzipSync } from "node:zlib";
import { ToolkitError } from "../../errors.ts";
import { notFound } from "../not-found.ts";
import { isCifar } from "./cifar.ts";
import { containerIndices, isContainerIndex } from "./container.ts";
import { isIdxFolder } from "./idx.ts";
import { isHeader } from "./manifest-table.ts";

export type SourceKind = "folders" | "manifest" | "tar" | "cifar" | "idx" | "npz" | "container";

/** Read of a file to tell what it is; more than the header of a tar. */
const START_BYTES = 4096;
const TABLE_NAME = /\.(?:csv|tsv|jsonl|ndjson)$/i;
const EXPECTED =
  'expected a folder, a table with a column "file" (CSV, TSV, JSON lines), a .tar of photos, a .npz of MedMNIST, files of MNIST or CIFAR, or an index of pictures (JSON)';

/**
 * What a path holds, by content: the names in a folder, the first bytes of a file; by its name only a table whose columns have other names.
 * @throws E_DATA_NOT_FOUND where there is nothing, or nothing that is read here
 */
export async function sourceKind(path: string): Promise<SourceKind> {
  const status = await stat(path).catch(() => undefined);
  if (!status) throw await notFound(path);
  if (status.isDirectory()) return folderKind(path, await readdir(path));
  if (status.isFile()) {
    const start = await startOf(path);
    // a table without the column is read as one all the same: the error then names its columns
    const kind = kindOfStart(start) ?? (TABLE_NAME.test(path) && !start.includes(0) ? "manifest" : undefined);
    if (kind === "tar.gz")
      throw refusal(path, "it is a compressed tar", "unpack it, or at least undo the compression: gunzip --keep");
    if (kind) return kind;
  }
  throw refusal(path, EXPECTED);
}

async function folderKind(path: string, names: readonly string[]): Promise<SourceKind> {
  if (isCifar(names)) return "cifar";
  if (isIdxFolder(names)) return "idx";
  return (await containerIndices(path, names)).length > 0 ? "container" : "folders";
}

/** What a file is that begins so. */
function kindOfStart(start: Buffer): SourceKind | "tar.gz" | undefined {
  if (start.toString("latin1", 0, 4) === "PK\u0003\u0004") return "npz";
  if (start[0] === 0x1f && start[1] === 0x8b) {
    const inner = kindOfStart(unpackedStart(start));
    return inner === "tar" ? "tar.gz" : inner === "idx" ? "idx" : undefined;
  }
  // 0, 0, unsigned bytes, one extent or three
  if (start.length >= 4 && [0x0801, 0x0803].includes(start.readUInt32BE(0))) return "idx";
  if (start.toString("latin1", 257, 262) === "ustar") return "tar";
  const text = start.toString("utf8");
  if (isContainerIndex(text)) return "container";
  const [line = ""] = text
    .replace(/^\u{FEFF}/u, "")
    .trimStart()
    .split(/\r?\n/, 1);
  return (line.startsWith("{") && line.includes('"file"')) || isHeader(line) ? "manifest" : undefined;
}

async function startOf(path: string): Promise<Buffer> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(START_BYTES), 0, START_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** As much as the first bytes of a gzip file tell. */
function unpackedStart(start: Buffer): Buffer {
  try {
    return gunzipSync(start, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 2 ** 24 });
  } catch {
    return Buffer.alloc(0);
  }
}

function refusal(path: string, why: string, hint?: string): ToolkitError {
  return new ToolkitError(
    "E_DATA_NOT_FOUND",
    `Cannot read the data in "${path}": ${why}`,
    hint === undefined ? {} : { hint },
  );
}
