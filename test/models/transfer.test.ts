import assert from "node:assert/strict";
import { mkdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fetchFile } from "../../models/download.ts";
import type { FileSource } from "../../models/download.ts";
import { bytes, digest, given, name, refuses } from "./download-case.ts";
import { breakAfter, hangAfter, inTurn, listing, serve, sha256, status } from "./file-server.ts";
import type { Answer } from "./file-server.ts";

const wrongRange: Answer = (_, response) => {
  response.writeHead(206, { "content-range": `bytes 0-${bytes.length - 1}/${bytes.length}` }).end(bytes);
};

const chunked: Answer = (_, response) => {
  response.write(bytes.subarray(0, 1000));
  response.end();
};

describe("models/transfer: what breaks off", () => {
  it("goes on where the connection broke, with Range and If-Range", () =>
    given({ "/a.bin": inTurn(breakAfter(bytes, 100_000), breakAfter(bytes, 50_000), serve(bytes)) }, async (c) => {
      const { path } = await c.fetched(["/a.bin"]);
      assert.equal(sha256(await readFile(path)), digest);
      const ranges = c.server.requests.map((r) => r.range);
      assert.deepEqual(ranges, [undefined, "bytes=100000-", "bytes=150000-"]);
      assert.equal(c.server.requests[1]?.ifRange, '"v1"');
    }));

  it("leaves a partial file after the last retry, and goes on with it in the next run", () =>
    given({ "/a.bin": inTurn(breakAfter(bytes, 1000), status(503), status(503), serve(bytes)) }, async (c) => {
      await assert.rejects(c.fetched(["/a.bin"]), {
        code: "E_DOWNLOAD",
        message: /503/,
        hint: /ONNX_GRAFT_MIRROR.*--model bundled/,
      });
      assert.deepEqual(await listing(c.cache), [`${name("a.bin")}.partial`]);
      await c.fetched(["/a.bin"]);
      assert.equal(c.server.requests.at(-1)?.range, "bytes=1000-");
      assert.deepEqual(await listing(c.cache), [name("a.bin")]);
    }));

  it("starts anew where the server ignores the range", () =>
    given(
      {
        "/a.bin": inTurn(breakAfter(bytes, 1000), (_, response) => {
          response.writeHead(200, { "content-length": bytes.length }).end(bytes);
        }),
      },
      async (c) => assert.equal(sha256(await readFile((await c.fetched(["/a.bin"])).path)), digest),
    ));

  it("starts anew where the file has changed between two attempts", () =>
    given({ "/a.bin": inTurn(breakAfter(new Uint8Array(bytes.length), 1000, '"v0"'), serve(bytes)) }, async (c) => {
      await c.fetched(["/a.bin"]);
      assert.equal(c.server.requests[1]?.ifRange, '"v0"');
    }));

  it("starts anew where the part from an earlier run was wrong", () =>
    given({ "/a.bin": serve(bytes) }, async (c) => {
      const partial = join(c.cache, `${name("a.bin")}.partial`);
      await mkdir(partial, { recursive: true });
      await writeFile(join(partial, "data"), new Uint8Array(500));
      await c.fetched(["/a.bin"]);
      const ranges = c.server.requests.map((r) => r.range);
      assert.deepEqual(ranges, ["bytes=500-", undefined]);
    }));

  it("starts anew where another range comes than the one asked for", () => {
    return given({ "/a.bin": inTurn(breakAfter(bytes, 1000), wrongRange, serve(bytes)) }, async (c) => {
      await c.fetched(["/a.bin"]);
      assert.equal(c.server.requests.at(-1)?.range, undefined);
    });
  });

  it("needs no request where the earlier run had all the bytes", () =>
    given({}, async (c) => {
      const partial = join(c.cache, `${name("a.bin")}.partial`);
      await mkdir(partial, { recursive: true });
      await writeFile(join(partial, "data"), bytes);
      await c.fetched(["/a.bin"]);
      assert.equal(c.server.requests.length, 0);
    }));

  it("adopts what a killed process left long ago, and leaves alone what is fresh", () =>
    given({ "/a.bin": serve(bytes) }, async (c) => {
      const [old, fresh] = ["old", "fresh"].map((id) => join(c.cache, `${name("a.bin")}.${id}.partial`)) as [
        string,
        string,
      ];
      for (const folder of [old, fresh]) {
        await mkdir(folder, { recursive: true });
        await writeFile(join(folder, "data"), bytes.subarray(0, 700));
      }
      const longAgo = new Date(Date.now() - 3_600_000);
      await utimes(join(old, "data"), longAgo, longAgo);
      await utimes(old, longAgo, longAgo);
      await c.fetched(["/a.bin"]);
      assert.equal(c.server.requests[0]?.range, "bytes=700-");
      assert.deepEqual(await listing(c.cache), [name("a.bin"), `${name("a.bin")}.fresh.partial`]);
    }));

  it("stops by the signal and leaves what arrived", () =>
    given({ "/a.bin": inTurn(hangAfter(bytes, 4000), serve(bytes)) }, async (c) => {
      const stop = new AbortController();
      const work = c.fetched(["/a.bin"], {}, { signal: stop.signal, onProgress: () => stop.abort() });
      await assert.rejects(work, { code: "E_STOPPED", hint: /goes on/ });
      await c.fetched(["/a.bin"]);
      assert.equal(c.server.requests[1]?.range, "bytes=4000-");
    }));

  it("stops while it waits for the next attempt", () =>
    given({ "/a.bin": status(503) }, async (c) => {
      const signal = AbortSignal.timeout(30);
      await refuses(c, c.fetched(["/a.bin"], {}, { signal, retryDelayMs: 60_000 }), "E_STOPPED", /stopped/);
    }));

  it("gives up on a server that falls silent, before and after its answer", () =>
    given({ "/mute": () => undefined, "/slow": hangAfter(bytes, 10) }, async (c) => {
      const quick = { retries: 0, idleTimeoutMs: 40 };
      await refuses(
        c,
        c.fetched(["/mute"], {}, { ...quick, connectTimeoutMs: 40 }),
        "E_DOWNLOAD",
        /did not answer for 40 ms/,
      );
      await assert.rejects(c.fetched(["/slow"], {}, quick), { code: "E_DOWNLOAD", message: /sent nothing for 40 ms/ });
    }));
});

describe("models/transfer: what is not the file", () => {
  it("refuses one wrong bit", () => {
    const tampered = bytes.map((b, i) => (i === 200_000 ? b ^ 4 : b));
    return given({ "/a.bin": serve(tampered) }, (c) =>
      refuses(c, c.fetched(["/a.bin"]), "E_DOWNLOAD_CHECKSUM", /its sha256 is/),
    );
  });

  it("refuses a short file, before it reads it", () =>
    given({ "/a.bin": serve(bytes.subarray(0, 1000)) }, (c) =>
      refuses(c, c.fetched(["/a.bin"]), "E_DOWNLOAD_CHECKSUM", /has 1000 bytes, expected 300000/),
    ));

  it("refuses a chunked file that ends early", () => {
    return given({ "/a.bin": chunked }, (c) =>
      refuses(c, c.fetched(["/a.bin"]), "E_DOWNLOAD_CHECKSUM", /ends after 1000 bytes/),
    );
  });

  it("refuses a long file, and does not read it to its end", () => {
    let sent = 0;
    const long: Answer = (_, response) => {
      const more = (): void => {
        for (let room = true; room && sent < 100; sent++) room = response.write(bytes);
        if (sent === 100) response.end();
      };
      response.on("drain", more);
      more();
    };
    return given({ "/a.bin": long }, async (c) => {
      await refuses(c, c.fetched(["/a.bin"]), "E_DOWNLOAD_CHECKSUM", /sends more than 300000 bytes/);
      assert.ok(sent < 100, "the server could send all of it");
    });
  });

  it("refuses a file over the limit, where its length is unknown", () =>
    given({ "/a.bin": serve(bytes) }, async (c) => {
      const source: FileSource = { urls: [c.server.url("/a.bin")], sha256: digest, maxBytes: 1000 };
      const work = fetchFile(source, { cacheFolder: c.cache, environment: {} });
      await refuses(c, work, "E_DOWNLOAD_CHECKSUM", /more than the limit of 1000/);
    }));
});
