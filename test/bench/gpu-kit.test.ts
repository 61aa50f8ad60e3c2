import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "../support/fixtures.ts";

const run = promisify(execFile);

describe("bench/gpu", function () {
  this.timeout(300_000);

  it("the kit for a machine with a GPU measures where there is nothing but what it has packed", async function () {
    // it packs compiled files, and Linux libraries
    if (!import.meta.url.endsWith(".js") || process.platform !== "linux" || process.arch !== "x64") this.skip();
    const folder = await mkdtemp(join(tmpdir(), "gpu-kit-"));
    try {
      const kit = join(folder, "kit");
      // packed less tightly, in a tenth of the time
      const env = { ...process.env, XZ_OPT: "-0" };
      await run(process.execPath, [join(root, "test/bench/gpu/pack.mjs"), kit], { env });
      const small = ["--device", "cpu,dml", "--size", "64", "--batch", "4", "--steps", "1"];
      const bare = { PATH: "/usr/bin:/bin", HOME: folder, TMPDIR: folder, PYTHON: "/nowhere/python3" };
      const words = [join(kit, "run.sh"), join(folder, "results"), ...small];
      const { stdout } = await run("/bin/sh", words, { cwd: folder, env: bare });
      assert.match(stdout, /cpu step mixed batch 4: [\d.]+ ms/);
      assert.match(stdout, /PyTorch is not here/);
      const text = await readFile(join(folder, "results", "gpu.json"), "utf8");
      const { rows, absent } = JSON.parse(text) as {
        rows: { work: string; precision: string; milliseconds: number; loss?: number }[];
        absent: Record<string, string>;
      };
      assert.deepEqual(
        rows.map(({ work, precision }) => `${work} ${precision}`),
        ["inference float32", "step float32", "step mixed"],
      );
      const [, plain, mixed] = rows;
      assert.ok(rows.every(({ milliseconds }) => milliseconds > 0));
      // after four steps, from 6.9; in mixed precision the first of them may go to finding the scale
      for (const { loss = Number.NaN } of [plain, mixed].flatMap((row) => row ?? []))
        assert.ok(loss > 0 && loss < 6, text);
      assert.match(absent["dml step float32 batch 4"] ?? "", /dml/);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
