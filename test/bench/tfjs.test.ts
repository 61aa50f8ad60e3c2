import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../support/fixtures.ts";
import { CASES } from "./cases.ts";
import { installTfjs } from "./tfjs.ts";

describe("bench/tfjs", () => {
  it("installTfjs says why it cannot install, and leaves nothing behind", () => {
    const folder = mkdtempSync(join(tmpdir(), "tfjs-test-"));
    const before = process.env["TMPDIR"];
    process.env["TMPDIR"] = folder;
    try {
      // port 9 discards; nothing listens there
      assert.throws(
        () => installTfjs(["--registry=http://127.0.0.1:9/", `--cache=${join(folder, "cache")}`]),
        /^Error: Cannot install @tensorflow\/tfjs@[\d.]+ and @tensorflow\/tfjs-backend-wasm@[\d.]+: .*127\.0\.0\.1:9/,
      );
      assert.deepEqual(
        readdirSync(folder).filter((name) => name.includes("onnx-graft")),
        [],
      );
    } finally {
      if (before === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = before;
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("peers/tfjs.mjs does the work of every case that is measured beside it", () => {
    const script = readFileSync(join(root, "test/bench/peers/tfjs.mjs"), "utf8");
    const cases = Object.values(CASES).filter((work) => work.tfjs);
    assert.equal(cases.length, 3);
    for (const { request } of cases) {
      assert.ok("network" in request);
      assert.ok(script.includes(`case "${request.work} ${request.network}"`), `${request.work} ${request.network}`);
    }
  });
});
