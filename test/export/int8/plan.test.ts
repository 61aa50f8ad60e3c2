import assert from "node:assert/strict";
import { planInt8 } from "../../../toolkit/export/int8/plan.ts";
import type { Graph } from "../../../toolkit/graph/ir.ts";
import { float32 } from "../../../toolkit/graph/tensor.ts";
import { random } from "../../passes/raw-model.ts";
import { conv3, smallGraph } from "../../passes/small-graph.ts";

const carried = (graph: Graph): Readonly<Record<string, string>> => Object.fromEntries(planInt8(graph).values);

describe("export/int8/plan", () => {
  it("planInt8 carries a residual network in 8 bits from the first layer's input to the last one's, but not the logits", () => {
    const graph = smallGraph(["N", 4, 8, 8], (b, x) => {
      const scaled = b.op(
        "Mul",
        [x, b.constant(float32([1, 4, 1, 1], [1, 2, 3, 4]), "scale")],
        {},
        { outputs: ["in"] },
      );
      const stem = b.op("Relu", [conv3(b, scaled, "stem", 4)], {}, { outputs: ["stem.relu"] });
      const pooled = b.op("MaxPool", [stem], { kernel_shape: [2, 2], strides: [2, 2] }, { outputs: ["pool"] });
      const sum = b.op("Add", [conv3(b, pooled, "block", 4), pooled], {}, { outputs: ["sum"] });
      const relu = b.op("Relu", [sum], {}, { outputs: ["sum.relu"] });
      const mean = b.op("GlobalAveragePool", [relu], {}, { outputs: ["mean"] });
      const flat = b.op("Flatten", [mean], { axis: 1 }, { outputs: ["flat"] });
      const logits = b.op("Gemm", [flat, b.constant(random([3, 4], 5), "fc")], { transB: 1 }, { outputs: ["logits"] });
      return [logits, b.op("Softmax", [logits], { axis: 1 }), flat];
    });
    assert.deepEqual(carried(graph), {
      in: "in",
      "stem.relu": "stem.relu",
      // unchanged elements have the range of what they are taken from
      pool: "stem.relu",
      "block.out": "block.out",
      "sum.relu": "sum.relu",
      mean: "mean",
      flat: "mean",
    });
    assert.deepEqual(
      [...planInt8(graph).anchors.values()].map(({ weight, axis }) => [weight, axis]),
      [
        ["stem.weight", 0],
        ["block.weight", 0],
        ["fc", 0],
      ],
    );
  });

  it("writes a convolution itself in 8 bits where another node reads it beside its Relu", () => {
    const graph = smallGraph(["N", 4, 8, 8], (b, x) => {
      const y = conv3(b, x, "a", 4);
      return [b.op("Relu", [y], {}, { outputs: ["relu"] }), b.op("Exp", [y], {}, { outputs: ["exp"] })];
    });
    assert.deepEqual(carried(graph), { x: "x", "a.out": "a.out", relu: "relu" });
  });

  it("goes on in float32 behind an operator that has no form in 8 bits, until the next layer", () => {
    const graph = smallGraph(["N", 4, 8, 8], (b, x) => {
      const e = b.op("Elu", [conv3(b, x, "a", 4)], {}, { outputs: ["elu"] });
      const doubled = b.op("Add", [e, b.op("Exp", [e])], {}, { outputs: ["doubled"] });
      return [conv3(b, doubled, "b", 4)];
    });
    assert.deepEqual(Object.keys(carried(graph)).toSorted(), ["a.out", "b.out", "doubled", "x"]);
  });

  it("leaves alone products with other values, scaled products, and what adds a constant", () => {
    const graph = smallGraph(["N", 4], (b, x) => {
      const w = b.constant(random([4, 4], 5), "w");
      const scaled = b.op("Gemm", [x, w], { alpha: { float: 2 } });
      const shifted = b.op("Add", [scaled, b.floats([1, 2, 3, 4])]);
      return [b.op("MatMul", [shifted, b.op("Transpose", [shifted])])];
    });
    assert.deepEqual(carried(graph), {});
  });

  it("a weight that two layers read across different axes is one's alone", () => {
    const graph = smallGraph(["N", 4], (b, x) => {
      const w = b.constant(random([4, 4], 5), "w");
      return [b.op("Gemm", [b.op("Tanh", [b.op("Gemm", [x, w], { transB: 1 })]), w])];
    });
    assert.equal(planInt8(graph).anchors.size, 1);
  });
});
