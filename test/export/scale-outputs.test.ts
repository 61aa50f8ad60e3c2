import assert from "node:assert/strict";
import { scaleOutputs } from "../../toolkit/export/scale-outputs.ts";
import { errorCode } from "../../toolkit/errors.ts";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Graph } from "../../toolkit/graph/ir.ts";
import { float32, toNumbers } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { HEAD_BIAS, HEAD_WEIGHT } from "../../toolkit/passes/replace-head.ts";
import { runGraph } from "../support/run-graph.ts";

function head(): Graph {
  const b = new GraphBuilder(operators);
  const x = b.input("x", "float32", ["N", 2]);
  const weight = b.constant(float32([3, 2], [1, 2, 3, 4, 5, 6]), HEAD_WEIGHT);
  const bias = b.constant(float32([3], [0.5, -1, 2]), HEAD_BIAS);
  return b.build([b.op("Gemm", [x, weight, bias], { transB: 1 }, { outputs: ["logits"] })]);
}

describe("export/scale-outputs", () => {
  it("scaleOutputs() multiplies the columns of numbers by their deviation and adds their mean, and changes nothing else", async () => {
    const graph = head();
    const scaled = scaleOutputs(graph, [
      { start: 0 },
      {
        start: 1,
        standard: [
          { mean: 100, deviation: 10 },
          { mean: -1, deviation: 0.5 },
        ],
      },
    ]);
    const feeds = new Map([["x", float32([1, 2], [1, -2])]]);
    const values = async (g: Graph): Promise<readonly number[]> =>
      toNumbers((await runGraph(g, feeds)).get("logits") as TensorData);
    const [a = 0, b = 0, c = 0] = await values(graph);
    assert.deepEqual(await values(scaled), [a, b * 10 + 100, c * 0.5 - 1]);
    assert.deepEqual(toNumbers(graph.constants.get(HEAD_BIAS) as TensorData), [0.5, -1, 2]);
  });
  it("scaleOutputs() refuses a graph without such a layer", () =>
    assert.throws(
      () => scaleOutputs({ ...head(), constants: new Map() }, []),
      (error) => errorCode(error) === "E_GRAPH",
    ));
});
