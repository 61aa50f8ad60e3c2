import { createHash } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** `count` is how often the path was asked before; `arrived` resolves when the client has told of so many bytes. */
export type Answer = (
  request: IncomingMessage,
  response: ServerResponse,
  count: number,
  arrived: (bytes: number) => Promise<void>,
) => void;

/** A server on loopback with an answer for each path; it counts what it was asked. */
export interface FileServer {
  readonly url: (path: string) => string;
  readonly requests: readonly {
    readonly path: string;
    readonly range: string | undefined;
    readonly ifRange: string | undefined;
  }[];
  /** To be told how many bytes the client has. */
  readonly received: (bytes: number) => void;
  readonly close: () => Promise<void>;
}

export async function fileServer(answers: Readonly<Record<string, Answer>>): Promise<FileServer> {
  const requests: { path: string; range: string | undefined; ifRange: string | undefined }[] = [];
  const progress = new EventEmitter();
  const arrived = (bytes: number): Promise<void> =>
    new Promise((resolve) => {
      progress.on("received", (received: number) => received >= bytes && resolve());
    });
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    const count = requests.filter((r) => r.path === path).length;
    const { range, "if-range": ifRange } = request.headers;
    requests.push({ path, range, ifRange: typeof ifRange === "string" ? ifRange : undefined });
    const answer = answers[path] ?? status(404);
    answer(request, response, count, arrived);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: (path) => `http://127.0.0.1:${port}${path}`,
    requests,
    received: (bytes) => void progress.emit("received", bytes),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const ETAG = '"v1"';

/** Serves the bytes as a good server does: length, validator, ranges, If-Range. */
export function serve(bytes: Uint8Array, etag: string = ETAG): Answer {
  return (request, response) => {
    const start = rangeStart(request, etag);
    if (start >= bytes.length) {
      response.writeHead(416).end();
      return;
    }
    response.writeHead(start > 0 ? 206 : 200, {
      "content-length": bytes.length - start,
      etag,
      ...(start > 0 ? { "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}` } : {}),
    });
    response.end(bytes.subarray(start));
  };
}

/** Promises all the bytes, sends `count` of them (from where the client asks), and breaks the connection when they have arrived. */
export function breakAfter(bytes: Uint8Array, count: number, etag: string = ETAG): Answer {
  return (request, response, _, arrived) => {
    const start = rangeStart(request, etag);
    const range = { "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}` };
    response.writeHead(start > 0 ? 206 : 200, {
      "content-length": bytes.length - start,
      etag,
      ...(start > 0 ? range : {}),
    });
    response.write(bytes.subarray(start, start + count));
    void arrived(start + count).then(() => response.destroy());
  };
}

/** Breaks the connection in the middle, whatever has arrived by then. */
export function breakSoon(bytes: Uint8Array): Answer {
  return (_, response) => {
    response.writeHead(200, { "content-length": bytes.length, etag: ETAG });
    response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
  };
}

/** Sends the first bytes and then nothing more. */
export function hangAfter(bytes: Uint8Array, count: number): Answer {
  return (_, response) => {
    response.writeHead(200, { "content-length": bytes.length, etag: ETAG });
    response.write(bytes.subarray(0, count));
  };
}

export function status(code: number, headers: Readonly<Record<string, string>> = {}): Answer {
  return (_, response) => void response.writeHead(code, headers).end();
}

/** One answer for each request in turn; the last one stays. */
export function inTurn(...answers: readonly Answer[]): Answer {
  return (request, response, count, arrived) =>
    answers[Math.min(count, answers.length - 1)]?.(request, response, count, arrived);
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** A folder that is there for one test. */
export async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "onnx-graft-"));
  try {
    await body(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What a folder holds, sorted; empty where it is not there. */
export async function listing(folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(() => [])).toSorted((a, b) => (a < b ? -1 : 1));
}

function rangeStart(request: IncomingMessage, etag: string): number {
  const { range, "if-range": ifRange } = request.headers;
  return ifRange !== undefined && ifRange !== etag ? 0 : Number(/^bytes=(\d+)-$/.exec(range ?? "")?.[1] ?? 0);
}
