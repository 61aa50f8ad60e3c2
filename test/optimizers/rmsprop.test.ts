import assert from "node:assert/strict";
import { float32 } from "../../toolkit/graph/tensor.ts";
import { rmsprop } from "../../toolkit/optimizers/rmsprop.ts";
import { followOptimizer } from "../support/follow-optimizer.ts";

describe("optimizers/rmsprop", () => {
  it("rmsprop() with `centered` stays finite while the gradient stands still, though its variance rounds to below 0", async () => {
    const g = float32([4], [0.1, -0.3, 0.7, 1.9]);
    const states = await followOptimizer(
      new Map([["p", float32([4], [0, 0, 0, 0])]]),
      Array.from({ length: 120 }, () => new Map([["p", g]])),
      1e-9,
      { optimizer: rmsprop({ centered: true, alpha: 0.8 }) },
    );
    const last = states.at(-1);
    const excess = Array.from(last?.get("step/rmsprop/mean/p")?.data as Float32Array, (m, i) => {
      return Number(last?.get("step/rmsprop/square/p")?.data[i]) - Math.fround(m * m);
    });
    assert.ok(Math.min(...excess) < 0, `a case in which it matters: ${excess.join()}`);
    assert.ok(Array.from(last?.get("p")?.data as Float32Array).every(Number.isFinite));
  });
});
