import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readDataset } from "../../toolkit/data/dataset.ts";
import { hashFile } from "../../toolkit/data/hash.ts";
import { fineTune } from "../../toolkit/fine-tune/fine-tune.ts";
import type { FineTuneSettings } from "../../toolkit/fine-tune/settings.ts";
import { sharpDecoder } from "../../toolkit/images/sharp.ts";
import { residualCnn } from "../../models/residual-cnn.ts";
import type { Runtime } from "../../toolkit/runtime/runtime.ts";
import { directRuntime } from "../support/run-graph.ts";
import { writeToyPhotos } from "../support/toy-photos.ts";

const SMALL: FineTuneSettings = {
  mode: "scratch",
  epochs: 2,
  batchSize: 4,
  sizePx: 16,
  seed: 1,
  rate: 0.01,
  batchNorm: "batch",
};

/** What a run uploaded of its pictures in training steps and in validation, by type and shape, and its losses. */
interface Uploads {
  readonly pictures: ReadonlySet<string>;
  readonly losses: readonly number[];
}

describe("fine-tune/pixel-stage", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "pixel-stage-"));
    await writeToyPhotos(folder, { train: 3, validation: 1 });
  });
  after(() => rm(folder, { recursive: true }));

  /** A run that is written for WebGPU, or for the CPU, and computed on the CPU. */
  async function uploads(provider: "cpu" | "webgpu", settings: FineTuneSettings = {}): Promise<Uploads> {
    const pictures = new Set<string>();
    const runtime: Runtime = {
      ...directRuntime,
      provider,
      async load(model, options) {
        const session = await directRuntime.load(model, { ...options, provider: "cpu" });
        if (!options?.state) return session;
        return {
          ...session,
          async run(run) {
            for (const [name, t] of run.feeds)
              if (name === "image" || name === "input")
                pictures.add(`${name} ${t.dtype} [${t.shape.slice(-4).join()}]`);
            return session.run(run);
          },
        };
      },
    };
    const run = fineTune({
      ...SMALL,
      ...settings,
      source: {
        model: { graph: residualCnn({ classes: 3, width: 4 }), opsets: new Map([["", 17]]), metadata: new Map() },
        name: "net",
        sha256: "01",
      },
      dataset: await readDataset(folder, { seed: 1 }),
      platform: { runtime, decoder: sharpDecoder(), hashFile },
    });
    const losses: number[] = [];
    for await (const event of run) if (event.kind === "step") losses.push(event.loss);
    assert.equal((await run.result).status, "done");
    return { pictures, losses };
  }

  it("uploads pixels where a runtime has a memory of its own, and planes elsewhere, and the losses are the same", async () => {
    const planes = await uploads("cpu");
    const pixels = await uploads("webgpu");
    assert.deepEqual([...planes.pictures], ["input float32 [4,3,16,16]"]);
    assert.deepEqual([...pixels.pictures], ["image uint8 [4,16,16,3]"]);
    assert.equal(planes.losses.length, 4);
    for (const [i, loss] of planes.losses.entries())
      assert.ok(Math.abs(loss - (pixels.losses[i] ?? Number.NaN)) < 1e-5, `${loss}, ${pixels.losses[i]}`);
  });

  it("uploads planes of pictures that are mixed", async () => {
    const { pictures } = await uploads("webgpu", { mixup: 0.2 });
    assert.ok(pictures.has("input float32 [4,3,16,16]"));
    assert.ok(![...pictures].some((text) => text.startsWith("image")));
  });
});
