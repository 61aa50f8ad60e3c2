import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { photoFetcher } from "../../cli/photo-fetcher.ts";
import { bytes, digest, given } from "../models/download-case.ts";
import { serve } from "../models/file-server.ts";

describe("cli/photo-fetcher", () => {
  it("gets a photo into the cache, once, and only the one that is meant", () =>
    given({ "/a.jpg": serve(bytes) }, async ({ server, cache }) => {
      const fetchPhoto = photoFetcher({ cacheFolder: cache, retries: 1, retryDelayMs: 1, environment: {} });
      const path = await fetchPhoto(server.url("/a.jpg"), digest);
      assert.deepEqual(new Uint8Array(await readFile(path)), bytes);
      assert.equal(await fetchPhoto(server.url("/a.jpg"), digest), path);
      assert.equal(server.requests.length, 1);
      await assert.rejects(fetchPhoto(server.url("/a.jpg"), "0".repeat(64)), { code: "E_DOWNLOAD_CHECKSUM" });
    }));
});
