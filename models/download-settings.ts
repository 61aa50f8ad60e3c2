import { ToolkitError } from "../toolkit/errors.ts";

export interface Progress {
  readonly receivedBytes: number;
  /** Absent where the server does not say. */
  readonly totalBytes: number | undefined;
  readonly url: string;
}

export interface DownloadOptions {
  /** Where finished and unfinished downloads lie. */
  readonly cacheFolder: string;
  /** A base address that takes the place of every address's scheme and host: `https://mirror/x` + `/owner/file`. Else ONNX_GRAFT_MIRROR. */
  readonly mirror?: string;
  /** Refuses to use the network. Else ONNX_GRAFT_OFFLINE=1. */
  readonly offline?: boolean;
  /** Node's own where absent. */
  readonly fetch?: typeof fetch;
  /** Stops the download; what has arrived stays for the next attempt. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  /** How often a place is asked again after a broken connection or a busy server. */
  readonly retries?: number;
  /** The wait before the second attempt; it doubles with each one. */
  readonly retryDelayMs?: number;
  readonly connectTimeoutMs?: number;
  readonly idleTimeoutMs?: number;
  /** Where ONNX_GRAFT_MIRROR and ONNX_GRAFT_OFFLINE are read; the process's own where absent. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

export interface DownloadSettings {
  readonly cacheFolder: string;
  readonly mirror: URL | undefined;
  readonly offline: boolean;
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: Progress) => void) | undefined;
  readonly retries: number;
  readonly retryDelayMs: number;
  readonly connectTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

/** What must arrive. */
export interface Wanted {
  readonly bytes: number | undefined;
  readonly sha256: string | undefined;
  /** The limit where `bytes` is unknown. */
  readonly maxBytes: number;
}

/**
 * The options with their defaults.
 * @throws E_SETTING for a mirror that is no http(s) address
 */
export function downloadSettings(options: DownloadOptions): DownloadSettings {
  const environment = options.environment ?? process.env;
  const mirror = options.mirror ?? environment["ONNX_GRAFT_MIRROR"];
  return {
    cacheFolder: options.cacheFolder,
    mirror: mirror ? mirrorUrl(mirror) : undefined,
    offline: options.offline ?? isOn(environment["ONNX_GRAFT_OFFLINE"]),
    fetch: options.fetch ?? fetch,
    signal: options.signal,
    onProgress: options.onProgress,
    retries: options.retries ?? 3,
    retryDelayMs: options.retryDelayMs ?? 500,
    connectTimeoutMs: options.connectTimeoutMs ?? 15_000,
    idleTimeoutMs: options.idleTimeoutMs ?? 30_000,
  };
}

/** The address to ask instead of `url`. */
export function throughMirror(url: string, mirror: URL | undefined): URL {
  const original = new URL(url);
  if (!mirror) return original;
  const base = mirror.pathname.replace(/\/+$/, "");
  return new URL(`${base}${original.pathname}${original.search}`, mirror);
}

function mirrorUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.search) return url;
  throw new ToolkitError(
    "E_SETTING",
    "Cannot use the mirror: expected an http or https address without user, password or query",
    {
      hint: "for example ONNX_GRAFT_MIRROR=https://mirror.example/models",
    },
  );
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && !["", "0", "false", "no", "off"].includes(value.toLowerCase());
}
