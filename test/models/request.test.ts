import assert from "node:assert/strict";
import { join } from "node:path";
import { fetchFile } from "../../models/download.ts";
import type { FileSource } from "../../models/download.ts";
import { bytes, given, name, refuses, whole } from "./download-case.ts";
import { serve, status } from "./file-server.ts";

const never: typeof fetch = () => assert.fail("no request may be made");

describe("models/request", () => {
  it("follows redirects, relative ones too", () =>
    given({ "/old": status(301, { location: "new?x=1" }), "/new?x=1": serve(bytes) }, async (c) => {
      const { path } = await c.fetched(["/old"]);
      assert.equal(path, join(c.cache, name("old")));
    }));

  it("refuses a redirect to another scheme, to another host over plain http, and without end", () =>
    given(
      {
        "/ftp": status(302, { location: "ftp://127.0.0.1/a.bin" }),
        "/other": status(302, { location: "http://localhost:9/a.bin" }),
        "/public": status(302, { location: "http://files.example/a.bin?key=secret" }),
        "/loop": status(301, { location: "/loop" }),
      },
      async (c) => {
        await refuses(c, c.fetched(["/ftp"]), "E_DOWNLOAD", /neither https nor http/);
        await refuses(c, c.fetched(["/other"]), "E_DOWNLOAD", /another host over plain http/);
        await refuses(c, c.fetched(["/public"]), "E_DOWNLOAD", /files\.example\/a\.bin is not https$/);
        await refuses(c, c.fetched(["/loop"]), "E_DOWNLOAD", /redirects more than 5 times/);
      },
    ));

  it("refuses a redirect from https to http, even to loopback", () =>
    given({ "/a.bin": serve(bytes) }, async (c) => {
      const location = c.server.url("/a.bin");
      const redirect: typeof fetch = async () => new Response(null, { status: 302, headers: { location } });
      const source: FileSource = { urls: ["https://files.example/a.bin"], ...whole };
      const work = fetchFile(source, { cacheFolder: c.cache, environment: {}, fetch: redirect });
      await refuses(c, work, "E_DOWNLOAD", /from https to http/);
      assert.equal(c.server.requests.length, 0);
    }));

  it("refuses plain http to anything but loopback and the mirror", () =>
    given({}, async (c) => {
      const source: FileSource = { urls: ["http://files.example/a.bin"], ...whole };
      const work = fetchFile(source, { cacheFolder: c.cache, environment: {}, fetch: never });
      await refuses(c, work, "E_DOWNLOAD", /is not https/);
    }));
});
