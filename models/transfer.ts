import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import type { PartialFile, Validator } from "./partial-file.ts";
import { networkFailure, request, TransferFailure } from "./request.ts";
import type { DownloadSettings, Wanted } from "./download-settings.ts";

/** What a finished download is. */
export interface Received {
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Brings `partial` to its full length from `url` and checks it; one attempt.
 * @throws TransferFailure with what to do about it; what the partial file holds by then stays there
 */
export async function transfer(
  url: URL,
  partial: PartialFile,
  wanted: Wanted,
  settings: DownloadSettings,
): Promise<Received> {
  const had = await resumable(url, partial, wanted);
  if (had.bytes > 0 && had.bytes === wanted.bytes)
    return checked(await hashOf(partial, had.bytes), had.bytes, true, wanted);
  const watch = watchdog(settings);
  try {
    const response = await request(url, {
      fetch: settings.fetch,
      headers: requestHeaders(had),
      signal: watch.signal,
      plainHost: settings.mirror?.host,
      anyHost: wanted.sha256 !== undefined,
    });
    const start = await startOf(response, had.bytes, partial, wanted);
    const etag = response.headers.get("etag") ?? "";
    const validator: Validator = { url: url.href, ...(isStrong(etag) ? { etag } : {}) };
    const hash = await hashOf(partial, start);
    let received = start;
    const counted = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of chunksOf(response, watch)) {
        received += chunk.byteLength;
        if (received > (wanted.bytes ?? wanted.maxBytes))
          throw wrong(`it sends more than ${limit(wanted)} bytes`, start > 0);
        hash.update(chunk);
        settings.onProgress?.({
          receivedBytes: received,
          totalBytes: totalBytes(response, start, wanted),
          url: url.href,
        });
        yield chunk;
      }
    };
    await partial.append(validator, counted());
    return checked(hash, received, start > 0, wanted);
  } finally {
    watch.stop();
  }
}

interface Had {
  readonly bytes: number;
  readonly etag: string | undefined;
}

/** What is there to go on with. Without a digest to check the whole by, only the same version of the same address will do. */
async function resumable(url: URL, partial: PartialFile, wanted: Wanted): Promise<Had> {
  const bytes = await partial.size();
  const validator = await partial.validator();
  const etag = validator?.url === url.href ? validator.etag : undefined;
  const usable =
    bytes > 0 && bytes <= (wanted.bytes ?? wanted.maxBytes) && (wanted.sha256 !== undefined || etag !== undefined);
  if (usable) return { bytes, etag };
  await partial.clear();
  return { bytes: 0, etag: undefined };
}

function requestHeaders({ bytes, etag }: Had): Record<string, string> {
  // identity: ranges and lengths must count the file's own bytes
  const headers = { "accept-encoding": "identity", "user-agent": "onnx-graft" };
  if (bytes === 0) return headers;
  return { ...headers, range: `bytes=${bytes}-`, ...(etag === undefined ? {} : { "if-range": etag }) };
}

/** The offset at which the answer's bytes belong. A server that ignores the range starts anew. */
async function startOf(response: Response, had: number, partial: PartialFile, wanted: Wanted): Promise<number> {
  const refuse = async (failure: TransferFailure): Promise<never> => {
    await response.body?.cancel();
    throw failure;
  };
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get("content-range") ?? "");
  if (response.status === 206 && Number(range?.[1]) !== had) {
    return refuse(new TransferFailure("it sends another range than the one asked for", "restart"));
  }
  const start = response.status === 206 ? had : 0;
  const total = announcedBytes(response, start);
  if (wanted.bytes !== undefined && total !== undefined && total !== wanted.bytes) {
    return refuse(wrong(`it has ${total} bytes, expected ${wanted.bytes}`, false));
  }
  if (total !== undefined && total > wanted.maxBytes) {
    return refuse(wrong(`it has ${total} bytes, more than the limit of ${wanted.maxBytes}`, false));
  }
  if (wanted.sha256 === undefined && response.headers.get("content-type")?.startsWith("text/html")) {
    return refuse(wrong("it is a web page, not the file", false));
  }
  if (start === 0) await partial.clear();
  return start;
}

function announcedBytes(response: Response, start: number): number | undefined {
  const length = response.headers.get("content-length");
  return length === null || response.headers.get("content-encoding") ? undefined : start + Number(length);
}

function totalBytes(response: Response, start: number, wanted: Wanted): number | undefined {
  return wanted.bytes ?? announcedBytes(response, start);
}

async function* chunksOf(response: Response, watch: Watchdog): AsyncGenerator<Uint8Array> {
  watch.beat();
  const reader = response.body?.getReader();
  if (!reader) return;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      watch.beat();
      yield value;
    }
  } catch (error) {
    throw networkFailure(error, watch.signal);
  } finally {
    // frees the connection where the reader stops early
    await reader.cancel().catch(() => undefined);
  }
}

/** The running digest after the first `bytes` bytes, all that is there. */
async function hashOf(partial: PartialFile, bytes: number): Promise<Hash> {
  const hash = createHash("sha256");
  if (bytes > 0) await partial.hashInto(hash);
  return hash;
}

function checked(hash: Hash, bytes: number, resumed: boolean, wanted: Wanted): Received {
  if (wanted.bytes !== undefined && bytes !== wanted.bytes) {
    throw wrong(`it ends after ${bytes} bytes, expected ${wanted.bytes}`, resumed);
  }
  const sha256 = hash.digest("hex");
  if (wanted.sha256 !== undefined && sha256 !== wanted.sha256) {
    throw wrong(`its sha256 is ${sha256}, expected ${wanted.sha256}`, resumed);
  }
  return { bytes, sha256 };
}

/** The wrong file. Where a part of it came from an earlier attempt, that part may be to blame: once more from the first byte. */
function wrong(message: string, resumed: boolean): TransferFailure {
  return new TransferFailure(message, resumed ? "restart" : "elsewhere", { wrongContent: true });
}

function limit(wanted: Wanted): number {
  return wanted.bytes ?? wanted.maxBytes;
}

function isStrong(etag: string): boolean {
  return etag.startsWith('"');
}

interface Watchdog {
  readonly signal: AbortSignal;
  /** Something arrived: from now on only silence counts. */
  readonly beat: () => void;
  readonly stop: () => void;
}

/** Gives up where no answer comes within `connectTimeoutMs`, or none of its bytes for `idleTimeoutMs`. */
function watchdog({ signal, connectTimeoutMs, idleTimeoutMs }: DownloadSettings): Watchdog {
  const controller = new AbortController();
  const after = (ms: number, what: string): NodeJS.Timeout =>
    setTimeout(() => controller.abort(new TransferFailure(`${what} for ${ms} ms`, "again")), ms);
  let timer = after(connectTimeoutMs, "it did not answer");
  return {
    signal: signal ? AbortSignal.any([signal, controller.signal]) : controller.signal,
    beat() {
      clearTimeout(timer);
      timer = after(idleTimeoutMs, "it sent nothing");
    },
    stop: () => clearTimeout(timer),
  };
}
