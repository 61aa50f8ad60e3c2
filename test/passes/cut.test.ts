import assert from "node:assert/strict";
import { checkGraph } from "../../toolkit/graph/check.ts";
import type { Graph } from "../../toolkit/graph/ir.ts";
import { cut } from "../../toolkit/passes/cut.ts";
import { pipeline } from "../../toolkit/passes/pipeline.ts";
import { prune } from "../../toolkit/passes/prune.ts";
import { conv3, smallGraph } from "./small-graph.ts";

function network(): Graph {
  return smallGraph(["N", 3, 8, 8], (b, x) => {
    b.input("unused", "float32", [1]);
    const a = conv3(b, x, "a", 4);
    const c = conv3(b, b.op("Relu", [a], {}, { outputs: ["relu"] }), "bb", 4);
    b.op("Neg", [c], {}, { outputs: ["dead"] });
    return [b.op("Add", [c, a], {}, { outputs: ["sum"] })];
  });
}

describe("passes/cut", () => {
  it("cut() keeps what the outputs need, with the graph inputs and constants it reaches", () => {
    const part = checkGraph(cut(network(), { outputs: ["relu"] }));
    assert.deepEqual(
      part.nodes.map((n) => n.op),
      ["Conv", "Relu"],
    );
    assert.deepEqual(
      part.inputs.map((v) => v.name),
      ["x"],
    );
    assert.deepEqual([...part.constants.keys()], ["a.weight"]);
    assert.deepEqual(
      part.outputs.map((v) => v.name),
      ["relu"],
    );
  });

  it("cut() makes named values inputs, first and in the given order, and drops what made them", () => {
    const part = checkGraph(cut(network(), { inputs: ["relu", "a.out"], outputs: ["sum"] }));
    assert.deepEqual(
      part.nodes.map((n) => n.op),
      ["Conv", "Add"],
    );
    assert.deepEqual(
      part.inputs.map((v) => v.name),
      ["relu", "a.out"],
    );
    assert.deepEqual(part.inputs[0]?.shape, ["N", 4, 8, 8]);
  });

  it("cut() keeps graph inputs that are reached beside the named ones", () => {
    const part = checkGraph(cut(network(), { inputs: ["relu"], outputs: ["sum"] }));
    assert.deepEqual(
      part.inputs.map((v) => v.name),
      ["relu", "x"],
    );
  });

  it("cut() makes a constant an input where it is named, and lets an input be an output", () => {
    const part = checkGraph(cut(network(), { inputs: ["a.weight"], outputs: ["a.out", "x"] }));
    assert.deepEqual([...part.constants.keys()], []);
    assert.deepEqual(
      part.inputs.map((v) => v.name),
      ["a.weight", "x"],
    );
  });

  it("cut() says which name the graph does not have", () => {
    assert.throws(() => cut(network(), { outputs: ["nothing"] }), { code: "E_NO_VALUE", message: /"nothing"/ });
  });

  it("prune() drops dead nodes and unused constants but keeps every graph input", () => {
    const graph = network();
    const pruned = checkGraph(
      prune({
        ...graph,
        constants: new Map([...graph.constants, ["old", { dtype: "float32", shape: [], data: new Float32Array(1) }]]),
      }),
    );
    assert.deepEqual(
      pruned.nodes.map((n) => n.op),
      ["Conv", "Relu", "Conv", "Add"],
    );
    assert.deepEqual([...pruned.constants.keys()], ["a.weight", "bb.weight"]);
    assert.deepEqual(pruned.inputs, graph.inputs);
    assert.equal(graph.nodes.length, 5);
  });

  it("pipeline() applies passes from first to last", () => {
    const log: string[] = [];
    const note = (text: string) => (graph: Graph) => {
      log.push(text);
      return graph;
    };
    const graph = network();
    assert.equal(pipeline()(graph), graph);
    assert.equal(pipeline(note("first"), prune, note("second"))(graph).nodes.length, 4);
    assert.deepEqual(log, ["first", "second"]);
  });
});
