import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "../../recipes/designers.ts";
import { fixture } from "../support/fixtures.ts";

describe("recipes/designers", () => {
  it("main() with --tiny trains on shapes that it draws, and judges nothing", async function () {
    this.timeout(240_000);
    const folder = await mkdtemp(join(tmpdir(), "onnx-graft-designers-"));
    const log = console.log;
    const lines: string[] = [];
    console.log = (line: string) => void lines.push(line);
    try {
      await main(["--tiny", fixture("resnet18-width8/bn.onnx"), "--folder", folder, "--out", join(folder, "out")]);
      const { rows, claims } = JSON.parse(await readFile(join(folder, "out", "result.json"), "utf8")) as {
        rows: { what: string; things: number; designer: number }[];
        claims: { holds?: boolean }[];
      };
      assert.deepEqual(new Set(rows.map(({ what }) => what)), new Set(["linear head", "every layer"]));
      assert.ok(rows.every(({ things, designer }) => things >= 0 && things <= 1 && designer >= 0 && designer <= 1));
      assert.ok(claims.every(({ holds }) => holds === undefined));
      assert.match(lines.join("\n"), /not judged/);
    } finally {
      console.log = log;
      await rm(folder, { recursive: true, force: true });
    }
  });
});
