import { errorMessage } from "../toolkit/errors.ts";

/** What to do about a request that failed: ask again (going on where it broke off), ask again from the first byte, or try the next place. */
export type Remedy = "again" | "restart" | "elsewhere";

/** Why one place did not give the file. It never leaves this folder: fetchFile turns the last one into a ToolkitError. */
export class TransferFailure extends Error {
  readonly remedy: Remedy;
  readonly wrongContent: boolean;
  readonly waitMs: number;

  constructor(
    message: string,
    remedy: Remedy,
    options: { wrongContent?: boolean; waitMs?: number; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.remedy = remedy;
    this.wrongContent = options.wrongContent ?? false;
    this.waitMs = options.waitMs ?? 0;
  }
}

export interface RequestOptions {
  readonly fetch: typeof fetch;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** The host that may be asked over plain http, because the user named it. */
  readonly plainHost: string | undefined;
  /** Whether a redirect may lead to another host: only where a digest tells what must come. */
  readonly anyHost: boolean;
}

const MAX_REDIRECTS = 5;
const MAX_WAIT_MS = 30_000;

/**
 * Sends a GET, follows up to five redirects, and returns a 200 or 206. Plain http is refused but for loopback and the user's mirror;
 * a redirect may neither leave https nor, over plain http, leave its host.
 * @throws TransferFailure
 */
export async function request(url: URL, options: RequestOptions): Promise<Response> {
  let at = url;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const refusal = refused(at, hop === 0 ? undefined : url, options);
    if (refusal) throw new TransferFailure(refusal, "elsewhere");
    const response = await send(at, options);
    const location = isRedirect(response.status) ? response.headers.get("location") : null;
    if (location === null) return accepted(response);
    await response.body?.cancel();
    if (!URL.canParse(location, at.href)) throw new TransferFailure("it redirects to no valid address", "elsewhere");
    const next = new URL(location, at);
    if (at.protocol === "https:" && next.protocol !== "https:") {
      throw new TransferFailure(`it redirects from https to ${plainUrl(next)}`, "elsewhere");
    }
    at = next;
  }
  throw new TransferFailure(`it redirects more than ${MAX_REDIRECTS} times`, "elsewhere");
}

/** An address without what may be secret or long: user, query, fragment. */
export function plainUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** Whether the address means this machine. */
export function isLoopback(url: URL): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
}

function refused(url: URL, from: URL | undefined, { plainHost, anyHost }: RequestOptions): string | undefined {
  const place = plainUrl(url);
  if (url.protocol === "http:") {
    if (!isLoopback(url) && url.host !== plainHost) return `${place} is not https`;
    if (from && from.host !== url.host) return `it redirects to another host over plain http: ${place}`;
  } else if (url.protocol !== "https:") {
    return `${place} is neither https nor http`;
  }
  if (from && from.host !== url.host && !anyHost)
    return `it redirects to another host, and no digest is known: ${place}`;
  return undefined;
}

async function send(url: URL, { fetch, headers, signal }: RequestOptions): Promise<Response> {
  try {
    return await fetch(url, { headers, signal, redirect: "manual" });
  } catch (error) {
    throw networkFailure(error, signal);
  }
}

/** A broken connection as a failure to be tried again, with the system's reason ("getaddrinfo ENOTFOUND host") where there is one. */
export function networkFailure(error: unknown, signal: AbortSignal): TransferFailure {
  if (signal.aborted && signal.reason instanceof TransferFailure) return signal.reason;
  const reason = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return new TransferFailure(`the connection failed: ${errorMessage(reason)}`, "again", { cause: error });
}

async function accepted(response: Response): Promise<Response> {
  if (response.status === 200 || response.status === 206) return response;
  await response.body?.cancel();
  const answer = `it answered ${response.status} ${response.statusText}`.trim();
  if (response.status === 416) throw new TransferFailure(answer, "restart");
  const busy = response.status >= 500 || response.status === 429 || response.status === 408;
  throw new TransferFailure(answer, busy ? "again" : "elsewhere", { waitMs: retryAfterMs(response) });
}

function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

function retryAfterMs(response: Response): number {
  const seconds = Number(response.headers.get("retry-after"));
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0) * 1000, MAX_WAIT_MS) : 0;
}
