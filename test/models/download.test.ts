import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { fetchFile, fetchModel } from "../../models/download.ts";
import type { DownloadOptions, FetchedFile, FileSource, Progress } from "../../models/download.ts";
import { bytes, digest, given, name, refuses, whole } from "./download-case.ts";
import type { Case } from "./download-case.ts";
import { breakAfter, breakSoon, inTurn, listing, serve, sha256, status } from "./file-server.ts";
import type { Answer } from "./file-server.ts";

/** Fetches `/a.zip` without knowing its digest. */
const unknown = (c: Case, more: Partial<FileSource> = {}): Promise<FetchedFile> =>
  fetchFile(
    { urls: [c.server.url("/a.zip")], ...more },
    {
      cacheFolder: c.cache,
      environment: {},
      retries: 1,
      retryDelayMs: 1,
      onProgress: ({ receivedBytes }) => c.server.received(receivedBytes),
    },
  );

const page: Answer = (_, response) =>
  void response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end("<p>");

const redirect: typeof fetch = async () =>
  new Response(null, { status: 302, headers: { location: "https://elsewhere.example/a.zip" } });

describe("models/download", () => {
  it("downloads, tells the progress, and leaves nothing but the file", () =>
    given({ "/a.bin": serve(bytes) }, async (c) => {
      const seen: Progress[] = [];
      const file = await c.fetched(["/a.bin"], {}, { onProgress: (p) => seen.push(p) });
      assert.deepEqual(file, { path: join(c.cache, name("a.bin")), ...whole });
      assert.deepEqual(new Uint8Array(await readFile(file.path)), bytes);
      assert.deepEqual(await listing(c.cache), [name("a.bin")]);
      assert.deepEqual(seen.at(-1), {
        receivedBytes: bytes.length,
        totalBytes: bytes.length,
        url: c.server.url("/a.bin"),
      });
    }));

  it("takes the file from the cache the second time, also offline", () =>
    given({ "/a.bin": serve(bytes) }, async (c) => {
      await c.fetched(["/a.bin"]);
      await c.fetched(["/a.bin"], {}, { offline: true });
      assert.equal(c.server.requests.length, 1);
    }));

  it("downloads again where the cached file was damaged", () =>
    given({ "/a.bin": serve(bytes) }, async (c) => {
      const { path } = await c.fetched(["/a.bin"]);
      await writeFile(
        path,
        bytes.map((b, i) => (i === 7 ? b ^ 1 : b)),
      );
      await c.fetched(["/a.bin"]);
      assert.equal(sha256(await readFile(path)), digest);
    }));

  it("accepts an upper-case digest and a file of unknown length", () =>
    given({ "/a.bin": (_, response) => void response.end(bytes) }, async (c) => {
      const server = c.server.url("/a.bin");
      const path = await fetchModel(
        { urls: [server], sha256: digest.toUpperCase() },
        { cacheFolder: c.cache, environment: {} },
      );
      assert.equal(sha256(await readFile(path)), digest);
    }));

  it("replaces characters of an address that are no good in a file name", () =>
    given({ "/x%20%2F..%2Fy": serve(bytes) }, async (c) => {
      const file = await c.fetched(["/x%20%2F..%2Fy"]);
      assert.equal(file.path, join(c.cache, name("x_20_2F.._2Fy")));
    }));

  it("refuses settings that make no sense", async () => {
    const options: DownloadOptions = { cacheFolder: "unused", environment: {} };
    const setting = { code: "E_SETTING" };
    await assert.rejects(fetchFile({ urls: [] }, options), setting);
    await assert.rejects(fetchFile({ urls: ["no address"] }, options), setting);
    await assert.rejects(fetchFile({ urls: ["https://x.example/a"], sha256: "abc" }, options), setting);
    await assert.rejects(
      fetchFile({ urls: ["https://x.example/a"] }, { ...options, mirror: "https://u:p@x.example" }),
      setting,
    );
  });
});

describe("models/download: places", () => {
  it("tries the next address after a 404, a wrong file and a dead host", () =>
    given({ "/wrong": serve(bytes.toReversed()), "/a.bin": serve(bytes) }, async (c) => {
      const dead = "http://127.0.0.1:1/a.bin";
      const urls = [c.server.url("/missing"), c.server.url("/wrong"), dead, c.server.url("/a.bin")];
      const { path } = await c.fetched([], { urls });
      assert.equal(sha256(await readFile(path)), digest);
      const asked = c.server.requests.map((r) => r.path);
      assert.deepEqual(asked, ["/missing", "/wrong", "/a.bin"]);
    }));

  it("asks a busy server again, and no more often than it should", () =>
    given(
      { "/busy": status(500), "/ok": inTurn(status(500), status(429, { "retry-after": "0" }), serve(bytes)) },
      async (c) => {
        await c.fetched(["/ok"]);
        await assert.rejects(c.fetched(["/busy"], { sha256: "0".repeat(64) }), { code: "E_DOWNLOAD", message: /500/ });
        assert.equal(c.server.requests.filter((r) => r.path === "/busy").length, 3);
      },
    ));

  it("asks a mirror instead of every address, from the option or the environment", () =>
    given({ "/base/owner/a.bin": serve(bytes) }, async (c) => {
      const source: FileSource = { urls: ["https://files.example/owner/a.bin"], ...whole };
      const mirror = c.server.url("/base/");
      await fetchFile(source, { cacheFolder: c.cache, environment: {}, mirror });
      await fetchFile(source, { cacheFolder: `${c.cache}2`, environment: { ONNX_GRAFT_MIRROR: mirror } });
      assert.equal(c.server.requests.length, 2);
    }));

  it("makes no request offline, and says what works without a network", () =>
    given({ "/a.bin": serve(bytes) }, async (c) => {
      for (const offline of [{ offline: true }, { environment: { ONNX_GRAFT_OFFLINE: "1" } }]) {
        await assert.rejects(c.fetched(["/a.bin"], {}, offline), { code: "E_OFFLINE", hint: /--model bundled/ });
      }
      await c.fetched(["/a.bin"], {}, { environment: { ONNX_GRAFT_OFFLINE: "0" } });
      assert.equal(c.server.requests.length, 1);
    }));

  it("gives a cache folder that cannot be written its own code", () =>
    given({ "/a.bin": serve(bytes) }, async (c) => {
      await writeFile(c.cache, "a file, not a folder");
      await assert.rejects(c.fetched(["/a.bin"]), { code: "E_WRITE" });
    }));
});

describe("models/download: several at once", () => {
  it("two downloads of one file in this process do not disturb each other", () =>
    given({ "/a.bin": inTurn(breakSoon(bytes), breakSoon(bytes), serve(bytes)) }, async (c) => {
      const both = await Promise.all([c.fetched(["/a.bin"]), c.fetched(["/a.bin"])]);
      for (const { path } of both) assert.equal(sha256(await readFile(path)), digest);
      assert.deepEqual(await listing(c.cache), [name("a.bin")]);
    }));

  it("two processes do not disturb each other", () =>
    given({ "/a.bin": inTurn(breakSoon(bytes), breakSoon(bytes), serve(bytes)) }, async (c) => {
      const extension = import.meta.url.endsWith(".ts") ? ".ts" : ".js";
      const module = new URL(`../../models/download${extension}`, import.meta.url).href;
      const source = { urls: [c.server.url("/a.bin")], ...whole };
      const code = `import { fetchFile } from ${JSON.stringify(module)};
        await fetchFile(${JSON.stringify(source)}, { cacheFolder: ${JSON.stringify(c.cache)}, environment: {}, retryDelayMs: 1 });`;
      const child = (): Promise<unknown> =>
        promisify(execFile)(process.execPath, [...process.execArgv, "--input-type=module", "--eval", code]);
      await Promise.all([child(), child()]);
      assert.equal(sha256(await readFile(join(c.cache, name("a.bin")))), digest);
      assert.deepEqual(await listing(c.cache), [name("a.bin")]);
    })).timeout(20_000);
});

describe("models/download: a digest nobody has published", () => {
  it("is recorded by the first download, which says so, and binds later ones", () =>
    given({ "/a.zip": inTurn(serve(bytes), serve(bytes.toReversed()), serve(bytes)) }, async (c) => {
      const recordTo = join(c.cache, "record.json");
      const first = await unknown(c, { recordTo });
      assert.match(first.note ?? "", new RegExp(digest));
      const again = await unknown(c, { recordTo });
      assert.deepEqual([again.note, c.server.requests.length], [undefined, 1]);
      await rename(first.path, `${first.path}.away`);
      await assert.rejects(unknown(c, { recordTo }), { code: "E_DOWNLOAD_CHECKSUM", hint: /record\.json/ });
      assert.equal((await unknown(c, { recordTo })).sha256, digest);
    }));

  it("refuses a web page and a redirect to another host", () => {
    return given({ "/a.zip": page }, async (c) => {
      await refuses(c, unknown(c), "E_DOWNLOAD_CHECKSUM", /web page/);
      const work = fetchFile(
        { urls: ["https://files.example/a.zip"] },
        { cacheFolder: c.cache, environment: {}, fetch: redirect },
      );
      await refuses(c, work, "E_DOWNLOAD", /no digest is known/);
    });
  });

  it("refuses a record it cannot read", () =>
    given({ "/a.zip": serve(bytes) }, async (c) => {
      await mkdir(c.cache);
      const recordTo = join(c.cache, "record.json");
      await writeFile(recordTo, "{}");
      await assert.rejects(unknown(c, { recordTo }), { code: "E_DOWNLOAD_CHECKSUM", hint: /delete/ });
    }));

  it("does not go on with a part whose version is unknown", () =>
    given({ "/a.zip": inTurn(breakAfter(bytes, 1000, "W/weak"), serve(bytes)) }, async (c) => {
      assert.equal((await unknown(c)).sha256, digest);
      assert.equal(c.server.requests[1]?.range, undefined);
    }));
});
