import assert from "node:assert/strict";
import { resnet } from "../../models/resnet.ts";
import { checkGraph } from "../../toolkit/graph/check.ts";
import type { Graph } from "../../toolkit/graph/ir.ts";
import { fillNormal } from "../../toolkit/graph/random.ts";
import { float32, sizeOf, toNumbers } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { halfCompute } from "../../toolkit/passes/half-compute.ts";
import { runGraph } from "../support/run-graph.ts";
import { random } from "./raw-model.ts";
import { smallGraph } from "./small-graph.ts";

function typesOf(graph: Graph): ReadonlyMap<string, string> {
  return new Map(graph.nodes.map(({ op, outputs }) => [op, outputs[0]?.dtype ?? ""]));
}

describe("passes/half-compute", () => {
  it("halfCompute() computes products and what follows them in float16, and norms and probabilities in float32", () => {
    const graph = smallGraph([2, 4], (b, x) => {
      const product = b.op("Gemm", [x, b.constant(random([3, 4]), "w")], { transB: 1 });
      const relu = b.op("Relu", [product]);
      const norm = b.op("LayerNormalization", [relu, b.constant(random([3]), "scale")]);
      return [b.op("Softmax", [norm], { axis: 1 }, { outputs: ["y"] })];
    });
    const half = checkGraph(halfCompute(graph, operators));
    assert.deepEqual(Object.fromEntries(typesOf(half)), {
      Cast: "float32",
      Gemm: "float16",
      Relu: "float16",
      LayerNormalization: "float32",
      Softmax: "float32",
    });
    assert.deepEqual(half.outputs, graph.outputs);
    assert.deepEqual(
      [...half.constants.values()].map(({ dtype }) => dtype),
      ["float32", "float32"],
    );
  });

  it("halfCompute() leaves alone what no product makes", () => {
    const graph = smallGraph([2, 4], (b, x) => [b.op("Relu", [b.op("Add", [x, x])], {}, { outputs: ["y"] })]);
    assert.deepEqual(halfCompute(graph, operators).nodes, graph.nodes);
  });

  it("halfCompute() gives an output that a product makes its name and type", async () => {
    const graph = smallGraph([2, 4], (b, x) => [
      b.op("Gemm", [x, b.constant(random([3, 4]), "w")], { transB: 1 }, { outputs: ["y"] }),
    ]);
    const half = checkGraph(halfCompute(graph, operators));
    const x = random([2, 4]);
    const [single, rounded] = await Promise.all([graph, half].map((g) => runGraph(g, new Map([["x", x]]))));
    const expected = toNumbers(single?.get("y") as TensorData);
    for (const [i, v] of toNumbers(rounded?.get("y") as TensorData).entries())
      assert.ok(Math.abs(v - (expected[i] ?? 0)) < 5e-3, `${v}, ${expected[i]}`);
  });

  it("halfCompute() changes little of what a ResNet says", async () => {
    const graph = resnet({ classes: 5, width: 8, seed: 4 });
    const shape = [2, 3, 64, 64];
    const feeds = new Map([["input", float32(shape, fillNormal(sizeOf(shape), 1, 1))]]);
    const expected = toNumbers((await runGraph(graph, feeds)).get("logits") as TensorData);
    const actual = toNumbers((await runGraph(halfCompute(graph, operators), feeds)).get("logits") as TensorData);
    const apart = Math.hypot(...expected.map((v, i) => v - (actual[i] ?? Number.NaN)));
    assert.ok(apart < 0.01 * Math.hypot(...expected), `${apart}`);
    assert.ok(apart > 0);
  });
});
