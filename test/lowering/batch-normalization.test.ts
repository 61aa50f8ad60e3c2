import assert from "node:assert/strict";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import { GRADIENT_DOMAIN } from "../../toolkit/graph/ir.ts";
import { float32 } from "../../toolkit/graph/tensor.ts";
import { lower } from "../../toolkit/lowering/lower.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { runGraph } from "../support/run-graph.ts";

describe("lowering/formulations/batch-normalization", () => {
  it("finds the variance of a channel whose mean is large beside its spread, and of a constant one", async () => {
    const shape = [2, 2, 3, 3];
    const spread = Array.from({ length: 9 }, (_, i) => 1000 + (i - 4) / 8);
    const flat = Array<number>(9).fill(-7);
    const b = new GraphBuilder(operators);
    const x = b.input("x", "float32", shape);
    const outputs = b.ops(
      "BatchNormalizationTraining",
      [x, b.floats([1, 1]), b.floats([0, 2])],
      {},
      { domain: GRADIENT_DOMAIN, outputs: ["y", "mean", "variance"] },
    );
    const results = await runGraph(
      lower(b.build(outputs), { provider: "cpu", dims: new Map() }),
      new Map([["x", float32(shape, [...spread, ...flat, ...spread, ...flat])]]),
    );
    const variance = Array.from(results.get("variance")?.data ?? [], Number);
    assert(Math.abs((variance[0] ?? 0) - 60 / 9 / 64) < 1e-6, `variance ${variance[0]}`);
    assert.equal(variance[1], 0);
    assert.deepEqual(Array.from(results.get("mean")?.data ?? [], Number), [1000, -7]);
    assert.deepEqual(Array.from(results.get("y")?.data ?? [], Number).slice(9, 18), Array<number>(9).fill(2));
  });
});
