import assert from "node:assert/strict";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import { GRADIENT_DOMAIN } from "../../toolkit/graph/ir.ts";
import { float32 } from "../../toolkit/graph/tensor.ts";
import { lower } from "../../toolkit/lowering/lower.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { runGraph } from "../support/run-graph.ts";

describe("lowering/formulations/relu-gradient", () => {
  it("is exactly 0 where y is 0, and dy where y is tiny, large or infinite", async () => {
    const y = [0, 1e-20, 1e-6, 1, 1e30, 3e38, Infinity];
    const b = new GraphBuilder(operators);
    const [dy, out] = [b.input("dy", "float32", [7]), b.input("y", "float32", [7])];
    const dx = b.op("ReluGradient", [dy, out], {}, { domain: GRADIENT_DOMAIN, outputs: ["dx"] });
    const lowered = lower(b.build([dx]), { provider: "cpu", dims: new Map() });
    const results = await runGraph(
      lowered,
      new Map([
        ["dy", float32([7], Array<number>(7).fill(-0.3))],
        ["y", float32([7], y)],
      ]),
    );
    const expected = Math.fround(-0.3);
    assert.deepEqual(
      Array.from(results.get("dx")?.data ?? [], Number).map((v) => v + 0),
      [0, ...Array<number>(6).fill(expected)],
    );
  });
});
