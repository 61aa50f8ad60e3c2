import assert from "node:assert/strict";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Graph, Value } from "../../toolkit/graph/ir.ts";
import type { Operator, Operators } from "../../toolkit/graph/operator.ts";
import { float32, int64 } from "../../toolkit/graph/tensor.ts";
import { operators } from "../../toolkit/operators/index.ts";

const X: Value = { name: "x", dtype: "float32", shape: [2] };

/** A body that adds a constant. */
function body(added: number): Graph {
  const y: Value = { ...X, name: "y" };
  return {
    inputs: [],
    outputs: [y],
    constants: new Map([
      ["c", float32([2], [added, added])],
      ["steps", int64([1])],
    ]),
    nodes: [{ op: "Add", inputs: [X, { ...X, name: "c" }], outputs: [y], attrs: { axes: int64([1]) } }],
  };
}

const loop: Operator = { type: "Loop", infer: ({ inputs }) => [inputs[0] as Value] };
const withLoop: Operators = new Map([...operators, ["Loop", loop]]);

describe("graph/builder", () => {
  it("GraphBuilder writes a node once for equal operator, inputs and attributes", () => {
    const b = new GraphBuilder(operators);
    const x = b.input("x", "float32", [2, 3]);
    assert.equal(b.op("Transpose", [x], { perm: [1, 0] }), b.op("Transpose", [x], { perm: [1, 0] }));
    assert.notEqual(b.op("Transpose", [x], { perm: [0, 1] }), b.op("Transpose", [x], { perm: [1, 0] }));
    const [whole, float] = [b.op("Elu", [x], { alpha: { float: 1 } }), b.op("Elu", [x], { alpha: { float: 2 } })];
    assert.notEqual(whole, float);
  });

  it("GraphBuilder writes each node that holds a graph, whatever the graph", () => {
    const b = new GraphBuilder(withLoop);
    const x = b.input("x", "float32", [2]);
    const same = body(1);
    const made = [same, same, body(2)].map((graph) => b.op("Loop", [x], { body: { graph } }));
    assert.equal(new Set(made).size, 3);
  });

  it("GraphBuilder goes on from a graph that holds one", () => {
    const first = new GraphBuilder(withLoop);
    const y = first.op("Loop", [first.input("x", "float32", [2])], { body: { graph: body(1) } });
    const graph = first.build([y]);
    const b = new GraphBuilder(withLoop, graph);
    const more = b.op("Relu", [y]);
    assert.deepEqual(b.build([more]).nodes.slice(0, 1), graph.nodes);
  });
});
