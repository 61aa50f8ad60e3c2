import assert from "node:assert/strict";
import { float32 } from "../../toolkit/graph/tensor.ts";
import { layerDecay } from "../../toolkit/optimizers/layer-decay.ts";
import { sgd } from "../../toolkit/optimizers/sgd.ts";
import { followOptimizer } from "../support/follow-optimizer.ts";

describe("optimizers/layer-decay", () => {
  it("layerDecay() multiplies by the decay once more for each group before the last", () => {
    assert.deepEqual(
      layerDecay([["stem"], ["a", "b"], ["head"]], 0.5),
      new Map([
        ["stem", 0.25],
        ["a", 0.5],
        ["b", 0.5],
        ["head", 1],
      ]),
    );
  });
  it("layerDecay() sets how far each parameter moves", async () => {
    const of = (v: number): ReadonlyMap<string, ReturnType<typeof float32>> =>
      new Map(["stem", "head"].map((name) => [name, float32([1], [v])]));
    const [state] = await followOptimizer(of(0), [of(-1)], 1, {
      optimizer: sgd(),
      rateFactors: layerDecay([["stem"], ["head"]], 0.25),
    });
    assert.deepEqual([state?.get("stem")?.data[0], state?.get("head")?.data[0]], [0.25, 1]);
  });
});
