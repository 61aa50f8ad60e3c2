import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readDataset } from "../../toolkit/data/dataset.ts";
import { expectUpdates } from "../../toolkit/fine-tune/expect-updates.ts";
import { fineTune } from "../../toolkit/fine-tune/fine-tune.ts";
import type { FineTuneSettings } from "../../toolkit/fine-tune/settings.ts";
import { sharpDecoder } from "../../toolkit/images/sharp.ts";
import { readModelFile } from "../../toolkit/onnx/read-file.ts";
import { hashFile } from "../../toolkit/data/hash.ts";
import { fixture } from "../support/fixtures.ts";
import { directRuntime } from "../support/run-graph.ts";
import { writeToyPhotos } from "../support/toy-photos.ts";

describe("fine-tune/expect-updates", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "onnx-graft-updates-"));
    // 15 photos: in batches of 4, 3 whole ones and a part of one
    await writeToyPhotos(folder, { train: 5, validation: 1 });
  });
  after(() => rm(folder, { recursive: true }));

  /** How many events come before the end, and the error's message or none. */
  async function train(form: string, settings: FineTuneSettings): Promise<readonly [events: number, message: string]> {
    let events = 0;
    try {
      const run = fineTune({
        sizePx: 32,
        batchSize: 4,
        threads: 1,
        headEpochs: 1,
        ...settings,
        source: { model: await readModelFile(fixture(`resnet18-width8/${form}.onnx`)), name: form, sha256: form },
        dataset: await readDataset(folder, { seed: 1 }),
        platform: { runtime: directRuntime, decoder: sharpDecoder(), hashFile },
      });
      for await (const event of run) events += event.kind === "bad" ? 0 : 1;
      return [events, ""];
    } catch (error) {
      return [events, (error as Error).message];
    }
  }

  it("expectUpdates() names the stage and both numbers", () => {
    expectUpdates("head", 3, 3);
    assert.throws(() => expectUpdates("head", 2, 1), {
      code: "E_SETTING",
      message: /accumulate 2: the stage has 1 step,/,
    });
  });

  for (const [form, settings, steps] of [
    ["bn", { mode: "staged", batchNorm: "frozen" }, 8],
    ["bn", { mode: "staged", batchNorm: "batch" }, 6],
    ["folded", { mode: "staged", batchNorm: "batch" }, 6],
    ["folded", { mode: "staged", batchNorm: "keep" }, 8],
    ["folded", { mode: "scratch", warmUpEpochs: 0 }, 6],
    ["folded", { mode: "staged", trainFrom: "layer4", batchNorm: "batch" }, 6],
    ["bn", { mode: "partial", batchNorm: "frozen" }, 8],
    ["bn", { mode: "staged", maxSteps: 5 }, 5],
    ["bn", { mode: "frozen" }, 8],
  ] as const) {
    it(`is asked before anything is trained: ${form}, ${JSON.stringify(settings)}: ${steps} steps`, async () => {
      const [events, message] = await train(form, { epochs: 2, ...settings, accumulate: steps + 1 });
      assert.match(message, new RegExp(`accumulate ${steps + 1}: the stage has ${steps} steps`));
      assert.equal(events, 0);
      assert.equal((await train(form, { epochs: 2, ...settings, accumulate: steps }))[1], "");
    });
  }
});
