import assert from "node:assert/strict";
import type { SourceModel } from "../../toolkit/export/source-model.ts";
import { architectures, readArchitecture } from "../passes/architecture-files.ts";
import { trainHead, trainToy } from "./toy-training.ts";

const sourceOf = (name: string): SourceModel => ({ model: readArchitecture(name), name, sha256: "" });

function falls(losses: readonly number[]): void {
  assert.ok(losses.every(Number.isFinite), `the losses are numbers: ${losses.join(", ")}`);
  assert.ok((losses.at(-1) ?? 0) < (losses[0] ?? 0), `the loss falls: ${losses.join(", ")}`);
}

/** The loss of the last two steps, one of each batch. */
const settled = (losses: readonly number[]): number => losses.slice(-2).reduce((sum, v) => sum + v / 2, 0);

describe("fine-tune on whole architectures", function () {
  this.timeout(60_000);
  for (const { name, sizePx } of architectures) {
    it(`training every layer lowers the loss on a repeated batch: ${name}`, async () => {
      falls((await trainToy(sourceOf(name), sizePx, 4, { rate: 0.01, batchNorm: "frozen" }, 1)).losses);
    });

    it(`training the head alone lowers the loss on a repeated batch: ${name}`, async () => {
      falls(await trainHead(sourceOf(name), sizePx, 4, { rate: 0.01 }));
    });
  }
});

/** With momentum 0.9 and batches of 16, and stored weights that no training has conditioned. */
const RATE = 0.2;
const STEPS = 16;
/** Three classes: what a network says that has learnt nothing. */
const CHANCE = Math.log(3);

describe("fine-tune on folded networks: full training at a usual rate needs BatchNorm restored", function () {
  this.timeout(60_000);
  const folded = ["densenet", "efficientnet", "inception", "mobilenet-v2", "mobilenet-v3"].concat([
    "regnet",
    "resnet50",
    "resnext",
    "shufflenet-v2",
    "vgg-bn",
  ]);
  for (const network of folded) {
    it(`${network} learns as restored, and diverges or stays at chance as folded`, async () => {
      const source = sourceOf(`${network}-old`);
      const restored = await trainToy(source, 32, STEPS, { rate: RATE });
      const kept = await trainToy(source, 32, STEPS, { rate: RATE, batchNorm: "keep" });
      assert.ok(restored.restored > 0 && kept.restored === 0);
      assert.ok(settled(restored.losses) < 0.3, `restored: ${restored.losses.join(", ")}`);
      assert.ok(!(settled(kept.losses) < 0.9 * CHANCE), `folded: ${kept.losses.join(", ")}`);
    });
  }
});
