import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readDataset } from "../../toolkit/data/dataset.ts";
import { hashFile } from "../../toolkit/data/hash.ts";
import { fineTune } from "../../toolkit/fine-tune/fine-tune.ts";
import { sharpDecoder } from "../../toolkit/images/sharp.ts";
import { readModelFile } from "../../toolkit/onnx/read-file.ts";
import { itShared } from "../support/fixtures.ts";
import { directRuntime } from "../support/run-graph.ts";

describe("recipes/hymenoptera", () => {
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
