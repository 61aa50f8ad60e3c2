import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import type { SpawnSyncReturns } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readJson } from "../support/fixtures.ts";
import type { Row } from "./row.ts";

const source = import.meta.url.endsWith(".ts");
const script = fileURLToPath(new URL(source ? "./bench.ts" : "./bench.js", import.meta.url));

/** The command in a process of its own, with a Python that does not exist. */
function bench(...args: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [...(source ? ["--import=tsx"] : []), script, ...args], {
    encoding: "utf8",
    env: { ...process.env, TORCH_PYTHON: join(tmpdir(), "no-such-python") },
  });
}

describe("bench/bench", () => {
  it("exits 2 for an unknown name, measures nothing and lists the names", () => {
    const { status, stdout, stderr } = bench("--only", "inference-224-b1,full-225");
    assert.equal(status, 2);
    assert.match(stderr, /no benchmark is called "full-225"; there are full-224-b4-folded, .*mobilenet-v2-224-b8/);
    assert.equal(stdout, "");
  });

  it("exits 2 for runs that are no positive integer", () => {
    for (const runs of ["0", "1.5", "many"]) {
      const { status, stderr } = bench("--runs", runs);
      assert.equal(status, 2);
      assert.match(stderr, new RegExp(`--runs ${runs}: expected a positive integer`));
    }
  });

  it("exits 2 for --add without a file to add to", () => {
    const { status, stderr } = bench("--add", "--only", "inference-224-b1");
    assert.equal(status, 2);
    assert.match(stderr, /--add: expected --json FILE/);
  });

  it("lists what --growth measures where a name is none of it", () => {
    const { status, stderr } = bench("--growth", "--only", "inference-224-b1");
    assert.equal(status, 2);
    assert.match(
      stderr,
      /no benchmark is called "inference-224-b1"; there are batch-4, .*size-64, .*photos-200, .*threads-1/,
    );
  });

  it("says that there is no PyTorch, and writes rows without a peer and their table", function () {
    // the session's worker thread needs compiled files
    if (source) this.skip();
    const folder = mkdtempSync(join(tmpdir(), "bench-"));
    try {
      const json = join(folder, "figures.json");
      const { status, stdout, stderr } = bench("--only", "cifar-convnet-32-b64", "--runs", "1", "--json", json);
      assert.equal(status, 0, stderr);
      assert.match(stdout, /no PyTorch to compare with: set TORCH_PYTHON/);
      const rows = readJson<readonly Row[]>(json);
      assert.equal(rows.length, 1);
      const [first] = rows;
      assert.ok(first);
      assert.ok(first.ours > 0);
      assert.deepEqual(
        [first.name, first.unit, first.peer, first.form, first.ratio, first.ratioDefault, first.peerPeakMb],
        ["cifar-convnet-32-b64", "img/s", null, null, null, null, null],
      );
      if (process.platform === "linux") assert.ok(Number(first.oursPeakMb) > 20);
      assert.match(readFileSync(join(folder, "figures.md"), "utf8"), /\| cifar-convnet-32-b64 \| img\/s \|/);
      writeFileSync(json, JSON.stringify([{ ...first, name: "full-224-b4-folded" }]));
      bench("--only", "cifar-convnet-32-b64", "--runs", "1", "--json", json, "--add");
      assert.deepEqual(
        readJson<readonly Row[]>(json).map(({ name }) => name),
        ["full-224-b4-folded", "cifar-convnet-32-b64"],
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
