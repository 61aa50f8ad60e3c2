import assert from "node:assert/strict";
import { float32 } from "../../toolkit/graph/tensor.ts";
import { clipByValue } from "../../toolkit/optimizers/clip-by-value.ts";
import { sgd } from "../../toolkit/optimizers/sgd.ts";
import { chain } from "../../toolkit/optimizers/transform.ts";
import { followOptimizer } from "../support/follow-optimizer.ts";

describe("optimizers/clip-by-value", () => {
  it("clipByValue() holds each element by itself", async () => {
    const [state] = await followOptimizer(
      new Map([["p", float32([2, 2], [0, 0, 0, 0])]]),
      [new Map([["p", float32([2, 2], [-3, 0.25, 0.75, 40])]])],
      1,
      { optimizer: chain(clipByValue(0.5), sgd()) },
    );
    assert.deepEqual(Array.from(state?.get("p")?.data as Float32Array), [0.5, -0.25, -0.5, -0.5]);
  });
});
