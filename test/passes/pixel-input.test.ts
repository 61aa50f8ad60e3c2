import assert from "node:assert/strict";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Graph } from "../../toolkit/graph/ir.ts";
import { imagenetNormalisation, toInput } from "../../toolkit/images/to-input.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { pixelInput } from "../../toolkit/passes/pixel-input.ts";
import { runGraph } from "../support/run-graph.ts";

function network(...inputs: readonly string[]): Graph {
  const b = new GraphBuilder(operators);
  const [first] = inputs.map((name) => b.input(name, "float32", ["N", 3, "H", "W"]));
  if (!first) throw new Error("expected an input");
  return b.build([b.op("Neg", [first], {}, { outputs: ["y"] })]);
}

describe("passes/pixel-input", () => {
  it("pixelInput() normalises as toInput() does", async () => {
    const data = Uint8Array.from({ length: 2 * 5 * 7 * 3 }, (_, i) => (i * 37) % 256);
    const image = { dtype: "uint8", shape: [2, 5, 7, 3], data } as const;
    const graph = pixelInput(network("x"), imagenetNormalisation, operators);
    const out = await runGraph(graph, new Map([["image", image]]));
    const expected = toInput({ width: 7, height: 10, data }, 2, imagenetNormalisation).map((v) => -v);
    assert.deepEqual(out.get("y")?.shape, [2, 3, 5, 7]);
    for (const [i, v] of expected.entries()) assert.ok(Math.abs(v - Number(out.get("y")?.data[i])) < 1e-6);
  });

  it("pixelInput() replaces the input that is named, and keeps the others", () => {
    const graph = pixelInput(network("a", "b"), imagenetNormalisation, operators, "a");
    assert.deepEqual(
      graph.inputs.map((v) => `${v.name} ${v.dtype}`),
      ["b float32", "image uint8"],
    );
  });

  it("pixelInput() refuses a graph of two inputs where none is named, and a name that is none", () => {
    const two = network("a", "b");
    assert.throws(() => pixelInput(two, imagenetNormalisation, operators), { code: "E_GRAPH" });
    assert.throws(() => pixelInput(two, imagenetNormalisation, operators, "c"), { code: "E_GRAPH", message: /"c"/ });
  });
});
