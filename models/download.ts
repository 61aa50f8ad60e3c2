import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { errorCode, errorMessage, ToolkitError } from "../toolkit/errors.ts";
import type { ModelCard } from "./cards.ts";
import { downloadSettings, throughMirror } from "./download-settings.ts";
import type { DownloadOptions, DownloadSettings, Wanted } from "./download-settings.ts";
import { packageFile } from "./package-file.ts";
import { PartialFile } from "./partial-file.ts";
import { plainUrl, TransferFailure } from "./request.ts";
import { transfer } from "./transfer.ts";
import type { Received } from "./transfer.ts";

export type { DownloadOptions, Progress } from "./download-settings.ts";

/** A file, and the places that have it in the order of trying. */
export interface FileSource {
  readonly urls: readonly string[];
  readonly bytes?: number;
  /** Lower-case hex. Where absent, the first download records it, and later ones must match. */
  readonly sha256?: string;
  /** Where the digest is recorded; beside the file where absent. */
  readonly recordTo?: string;
  /** The limit where `bytes` is unknown; 2 GiB where absent. */
  readonly maxBytes?: number;
}

export interface FetchedFile extends Received {
  readonly path: string;
  /** One line for the log where the digest was unknown and is now recorded. */
  readonly note?: string;
}

const MAX_BYTES = 2 ** 31;
/** Longer than any silence of a download that still runs. */
const STALE_MS = 120_000;
const OFFLINE_HINT = "the bundled weights work without a network: --model bundled";

/**
 * The path of a model's file: in the package for the bundled one, else in the cache, downloaded where it is not there yet.
 * @throws as fetchFile
 */
export async function fetchModel(
  model: ModelCard | (FileSource & { readonly sha256: string }),
  options: DownloadOptions,
): Promise<string> {
  if ("urls" in model) return (await fetchFile(model, options)).path;
  if (model.bundled) return packageFile(model.file);
  return (await fetchFile({ urls: model.source, bytes: model.bytes, sha256: model.sha256 }, options)).path;
}

/**
 * The file of `source` in the cache, downloaded where it is not there yet. Broken connections and busy servers are retried, going on where
 * the file broke off; the next address follows; only a file whose digest matches gets its name.
 * @throws E_OFFLINE, E_DOWNLOAD (no place gave it), E_DOWNLOAD_CHECKSUM (what came is something else), E_STOPPED (by the signal), E_WRITE, E_SETTING
 */
export async function fetchFile(source: FileSource, options: DownloadOptions): Promise<FetchedFile> {
  const settings = downloadSettings(options);
  const path = cachePath(source, settings.cacheFolder);
  const recordPath = source.recordTo ?? `${path}.json`;
  const record = source.sha256 === undefined ? await readRecord(recordPath) : undefined;
  const wanted: Wanted = {
    bytes: source.bytes ?? record?.bytes,
    sha256: source.sha256?.toLowerCase() ?? record?.sha256,
    maxBytes: source.maxBytes ?? MAX_BYTES,
  };
  const cached = await cachedFile(path, wanted);
  if (cached) return { ...cached, path };
  if (settings.offline) {
    throw new ToolkitError("E_OFFLINE", `Cannot download "${basename(path)}": offline mode is on`, {
      hint: OFFLINE_HINT,
    });
  }
  const received = await download(path, source, wanted, settings, record && recordPath);
  if (wanted.sha256 !== undefined) return { ...received, path };
  await writeRecord(recordPath, received);
  const note = `no digest is published for "${basename(path)}"; recorded sha256 ${received.sha256}, later downloads must match it`;
  return { ...received, path, note };
}

/** Two files may share a name, so the digest (or where it is unknown, the address) is part of the path. */
function cachePath({ urls, sha256 }: FileSource, cacheFolder: string): string {
  const [first] = urls;
  if (first === undefined || !urls.every((url) => URL.canParse(url))) {
    throw new ToolkitError("E_SETTING", `Cannot download from [${urls.join(", ")}]: expected one address or more`);
  }
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/i.test(sha256)) {
    throw new ToolkitError("E_SETTING", `Cannot use the sha256 "${sha256}": expected 64 hex digits`);
  }
  const id = (sha256 ?? createHash("sha256").update(first).digest("hex")).slice(0, 16).toLowerCase();
  const name = basename(new URL(first).pathname).replaceAll(/[^A-Za-z0-9._-]/g, "_");
  return join(cacheFolder, `${id}-${name || "file"}`);
}

/** The cached file, if it is still what it was; anything else there is thrown away. */
async function cachedFile(path: string, { bytes, sha256 }: Wanted): Promise<Received | undefined> {
  const size = (await stat(path).catch(() => undefined))?.size;
  if (size === undefined || sha256 === undefined) return undefined;
  if ((bytes === undefined || size === bytes) && (await fileDigest(path)) === sha256) return { bytes: size, sha256 };
  await rm(path, { force: true });
  return undefined;
}

async function fileDigest(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}

async function download(
  path: string,
  source: FileSource,
  wanted: Wanted,
  settings: DownloadSettings,
  recordPath?: string,
): Promise<Received> {
  const partial = await inCache(settings, () => PartialFile.claim(path, STALE_MS));
  try {
    const received = await fromAnyPlace(source.urls, partial, wanted, settings);
    await inCache(settings, () => partial.finish());
    return received;
  } catch (error) {
    if (settings.signal?.aborted) {
      throw new ToolkitError("E_STOPPED", `Cannot finish downloading "${basename(path)}": it was stopped`, {
        hint: "run the same again: it goes on where it stopped",
        cause: error,
      });
    }
    if (!(error instanceof TransferFailure)) throw error;
    throw downloadError(path, error, recordPath);
  } finally {
    // empty by now, unless what arrived can be gone on with
    await partial.keep();
  }
}

/** Tries the places one after the other; the last failure stands for all, but one about wrong content outweighs the others. */
async function fromAnyPlace(
  urls: readonly string[],
  partial: PartialFile,
  wanted: Wanted,
  settings: DownloadSettings,
): Promise<Received> {
  const places = urls.map((url) => throughMirror(url, settings.mirror));
  let worst: TransferFailure | undefined;
  for (const place of places) {
    for (let attempt = 0; attempt <= settings.retries; attempt++) {
      try {
        return await inCache(settings, () => transfer(place, partial, wanted, settings));
      } catch (error) {
        settings.signal?.throwIfAborted();
        if (!(error instanceof TransferFailure)) throw error;
        if (!worst?.wrongContent) worst = named(place, error);
        if (error.wrongContent || error.remedy === "restart") await partial.clear();
        if (error.remedy === "elsewhere") break;
        if (attempt < settings.retries && error.remedy === "again") await pause(attempt, error, settings);
      }
    }
  }
  throw worst ?? new TransferFailure("no address is given", "elsewhere");
}

function named(place: URL, failure: TransferFailure): TransferFailure {
  return new TransferFailure(`${plainUrl(place)}: ${failure.message}`, failure.remedy, {
    wrongContent: failure.wrongContent,
    cause: failure,
  });
}

async function pause(
  attempt: number,
  failure: TransferFailure,
  { retryDelayMs, signal }: DownloadSettings,
): Promise<void> {
  await sleep(Math.max(retryDelayMs * 2 ** attempt, failure.waitMs), undefined, signal ? { signal } : {});
}

function downloadError(path: string, failure: TransferFailure, recordPath: string | undefined): ToolkitError {
  const message = `Cannot download "${basename(path)}" from ${failure.message}`;
  if (!failure.wrongContent) {
    const hint = `check the network, or set ONNX_GRAFT_MIRROR to a mirror; ${OFFLINE_HINT}`;
    return new ToolkitError("E_DOWNLOAD", message, { hint, cause: failure });
  }
  const hint = recordPath
    ? `it is not what was downloaded the first time; delete "${recordPath}" if the change is right`
    : "what came is not the file that was published; it was thrown away";
  return new ToolkitError("E_DOWNLOAD_CHECKSUM", message, { hint, cause: failure });
}

/** Runs what writes to the cache; the file system's errors get a code and a way out. */
async function inCache<T>(settings: DownloadSettings, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TransferFailure || settings.signal?.aborted || !/^E[A-Z]+$/.test(errorCode(error) ?? ""))
      throw error;
    throw new ToolkitError(
      "E_WRITE",
      `Cannot write to the cache folder "${settings.cacheFolder}": ${errorMessage(error)}`,
      {
        hint: "free some space, or choose another cache folder",
        cause: error,
      },
    );
  }
}

async function readRecord(path: string): Promise<Received | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const match = /^\{"bytes":(\d+),"sha256":"([0-9a-f]{64})"\}\s*$/.exec(text);
  if (match?.[1] && match[2]) return { bytes: Number(match[1]), sha256: match[2] };
  throw new ToolkitError("E_DOWNLOAD_CHECKSUM", `Cannot read the recorded digest in "${path}"`, {
    hint: "delete that file to record the digest anew",
  });
}

async function writeRecord(path: string, { bytes, sha256 }: Received): Promise<void> {
  await writeFile(`${path}.new`, `${JSON.stringify({ bytes, sha256 })}\n`);
  await rename(`${path}.new`, path);
}
