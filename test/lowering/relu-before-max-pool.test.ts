import assert from "node:assert/strict";
import { differentiate } from "../../toolkit/autodiff/differentiate.ts";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Graph, Value } from "../../toolkit/graph/ir.ts";
import { fillNormal } from "../../toolkit/graph/random.ts";
import { float32, sizeOf } from "../../toolkit/graph/tensor.ts";
import { lower } from "../../toolkit/lowering/lower.ts";
import { reluBeforeMaxPool } from "../../toolkit/lowering/relu-before-max-pool.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { runGraph } from "../support/run-graph.ts";

const SHAPE = [2, 3, 6, 5];
const GRADIENTS = new Set(["ReluGradient", "MaxPoolGradient"]);

/** ReLU and a max pool with their gradients; `more` reads the ReLU too. */
function pooled(more?: (b: GraphBuilder, relu: Value) => Value): Graph {
  const b = new GraphBuilder(operators);
  const relu = b.op("Relu", [b.input("x", "float32", SHAPE)]);
  const pool = b.op("MaxPool", [relu], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
  const factors = b.constant(float32(pool.shape as readonly number[], fillNormal(sizeOf([2, 3, 3, 3]), 1, 1)));
  const sum = b.op("ReduceSum", [b.op("Mul", [pool, factors])], { keepdims: 0 });
  const loss = more ? b.op("Add", [sum, b.op("ReduceSum", [more(b, relu)], { keepdims: 0 })]) : sum;
  const { graph, gradients } = differentiate(b.build([loss]), loss, ["x"], operators);
  return { ...graph, outputs: [gradients.get("x") as Value] };
}

function order(graph: Graph): readonly string[] {
  return graph.nodes.map(({ op }) => op).filter((op) => GRADIENTS.has(op));
}

describe("lowering/relu-before-max-pool", () => {
  it("reluBeforeMaxPool() lets the ReLU's gradient work on the smaller maps", () => {
    const graph = pooled();
    assert.deepEqual(order(graph), ["MaxPoolGradient", "ReluGradient"]);
    const exchanged = reluBeforeMaxPool(graph);
    // what it stood behind before is left for whoever drops unused nodes
    assert.deepEqual(order(exchanged).slice(-2), ["ReluGradient", "MaxPoolGradient"]);
    assert.equal(exchanged.nodes.at(-1)?.inputs[0], exchanged.nodes.at(-2)?.outputs[0]);
    assert.deepEqual(exchanged.nodes.at(-1)?.outputs[0]?.shape, SHAPE);
  });

  it("reluBeforeMaxPool() leaves a pool beside which something else reads the ReLU", () => {
    const graph = pooled((b, relu) => b.op("Sigmoid", [relu]));
    assert.deepEqual(reluBeforeMaxPool(graph), graph);
  });

  for (const [name, numbers] of [
    ["random numbers", fillNormal(sizeOf(SHAPE), 2, 2)],
    ["whole numbers that tie", fillNormal(sizeOf(SHAPE), 3, 3).map(Math.round)],
    ["nothing above zero", fillNormal(sizeOf(SHAPE), 4, 4).map((v) => -Math.abs(v))],
    ["a constant", new Float32Array(sizeOf(SHAPE)).fill(0.5)],
  ] as const) {
    it(`reluBeforeMaxPool() changes no gradient: ${name}`, async () => {
      const graph = pooled();
      const target = { provider: "cpu", dims: new Map<string, number>() } as const;
      const feeds = new Map([["x", float32(SHAPE, numbers)]]);
      // a second reader of the pool's gradient, so that nothing is exchanged
      const between = graph.nodes.find(({ op }) => op === "MaxPoolGradient")?.outputs[0] as Value;
      const second = { ...between, name: "second" };
      const nodes = [...graph.nodes, { op: "Neg", inputs: [between], outputs: [second], attrs: {} }];
      const read = { ...graph, nodes, outputs: [...graph.outputs, second] };
      assert.deepEqual(reluBeforeMaxPool(read), read);
      const separate = await runGraph(lower(read, target), feeds);
      const exchanged = await runGraph(lower(graph, target), feeds);
      const [gradient] = graph.outputs as readonly [Value];
      const values = (t: typeof exchanged): readonly number[] =>
        Array.from(t.get(gradient.name)?.data as Float32Array, (v) => v + 0);
      assert.deepEqual(values(exchanged), values(separate));
    });
  }
});
