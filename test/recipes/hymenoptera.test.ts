import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { main } from "../../recipes/hymenoptera.ts";
import { readDataset } from "../../toolkit/data/dataset.ts";
import { hashFile } from "../../toolkit/data/hash.ts";
import { fineTune } from "../../toolkit/fine-tune/fine-tune.ts";
import { sharpDecoder } from "../../toolkit/images/sharp.ts";
import { readModelFile } from "../../toolkit/onnx/read-file.ts";
import { fixture, itShared } from "../support/fixtures.ts";
import { directRuntime } from "../support/run-graph.ts";

describe("recipes/hymenoptera", () => {
  it("main() with --tiny trains both ways on shapes that it draws, and writes its figures", async function () {
    this.timeout(240_000);
    const folder = await mkdtemp(join(tmpdir(), "onnx-graft-hymenoptera-"));
    const log = console.log;
    const lines: string[] = [];
    console.log = (line: string) => void lines.push(line);
    try {
      await main(["--tiny", fixture("resnet18-width8/bn.onnx"), "--json", join(folder, "figures.json")]);
      const { data, rows } = JSON.parse(await readFile(join(folder, "figures.json"), "utf8")) as {
        data: object;
        rows: { mode: string; top1: number }[];
      };
      assert.deepEqual(data, { train: 60, validation: 20, classes: ["disc", "square"] });
      assert.deepEqual(
        rows.map(({ mode }) => mode),
        ["frozen", "full"],
      );
      assert.equal(lines.filter((line) => /^(frozen|full) .* seed 0 /.test(line)).length, 2);
    } finally {
      console.log = log;
      await rm(folder, { recursive: true, force: true });
    }
  });

  itShared("one seed of the frozen backbone reaches 0.93 on real photos", "data/hymenoptera", async function (photos) {
    this.timeout(180_000);
    const folder = await mkdtemp(join(tmpdir(), "onnx-graft-hymenoptera-"));
    try {
      const model = await readModelFile(join(photos, "../../models/resnet18-folded.onnx"));
      const run = fineTune({
        mode: "frozen",
        rate: 1e-3,
        epochs: 30,
        seed: 0,
        sizePx: 224,
        source: { model, name: "resnet18-folded", sha256: "" },
        dataset: await readDataset(photos),
        platform: {
          runtime: {
            ...directRuntime,
            load: (bytes, options) => directRuntime.load(bytes, { threads: 2, ...options }),
          },
          decoder: sharpDecoder(),
          hashFile,
        },
      });
      const { stages, parity } = await run.result;
      const final = stages[0]?.final.top1 ?? 0;
      assert.ok(final >= 0.93, `validation accuracy after the last epoch: ${final}`);
      assert.equal(parity?.flips, 0);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
