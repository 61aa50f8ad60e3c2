import assert from "node:assert/strict";
import { join } from "node:path";
import { fetchFile } from "../../models/download.ts";
import type { DownloadOptions, FetchedFile, FileSource } from "../../models/download.ts";
import { fileServer, listing, sha256, withFolder } from "./file-server.ts";
import type { Answer, FileServer } from "./file-server.ts";

/** What the servers of these tests have. */
export const bytes: Uint8Array = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 8)) & 255);
export const digest: string = sha256(bytes);
export const whole: { readonly bytes: number; readonly sha256: string } = { bytes: bytes.length, sha256: digest };
/** The name of the served file in the cache. */
export const name = (file: string): string => `${digest.slice(0, 16)}-${file}`;

export interface Case {
  readonly server: FileServer;
  readonly cache: string;
  /** Fetches with quick retries and no environment. */
  readonly fetched: (
    paths: readonly string[],
    source?: Partial<FileSource>,
    options?: Partial<DownloadOptions>,
  ) => Promise<FetchedFile>;
}

/** Runs a test with a server that gives these answers and an empty cache. */
export async function given(
  answers: Readonly<Record<string, Answer>>,
  test: (c: Case) => Promise<void>,
): Promise<void> {
  const server = await fileServer(answers);
  try {
    await withFolder(async (folder) => {
      const cache = join(folder, "cache");
      const options: DownloadOptions = {
        cacheFolder: cache,
        retries: 2,
        retryDelayMs: 1,
        environment: {},
        onProgress: ({ receivedBytes }) => server.received(receivedBytes),
      };
      await test({
        server,
        cache,
        fetched: (paths, source, more) =>
          fetchFile({ urls: paths.map(server.url), ...whole, ...source }, { ...options, ...more }),
      });
    });
  } finally {
    await server.close();
  }
}

/** The download is refused with this code, and nothing stays in the cache. */
export async function refuses(c: Case, work: Promise<unknown>, code: string, message: RegExp): Promise<void> {
  await assert.rejects(work, { code, message });
  assert.deepEqual(await listing(c.cache), []);
}
