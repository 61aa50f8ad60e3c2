import assert from "node:assert/strict";
import { resnet } from "../../models/resnet.ts";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Graph, Value } from "../../toolkit/graph/ir.ts";
import { printGraph } from "../../toolkit/graph/print.ts";
import { fillUniform } from "../../toolkit/graph/random.ts";
import { float32, int64, scalar, sizeOf } from "../../toolkit/graph/tensor.ts";
import { lower } from "../../toolkit/lowering/lower.ts";
import { softmaxCrossEntropy } from "../../toolkit/losses/softmax-cross-entropy.ts";
import { decodeModel } from "../../toolkit/onnx/decode.ts";
import { encodeModel } from "../../toolkit/onnx/encode.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { sgd } from "../../toolkit/optimizers/sgd.ts";
import { inferTypes } from "../../toolkit/passes/infer-types.ts";
import { parametersOf } from "../../toolkit/passes/parameters.ts";
import { buildStep } from "../../toolkit/train/step.ts";

/** A graph with every kind of attribute, an omitted input, a symbolic extent and a node of two outputs. */
function sample(): Graph {
  const b = new GraphBuilder(operators);
  const weight = (name: string, shape: readonly number[]) =>
    b.constant(float32(shape, fillUniform(sizeOf(shape), 1, 2)), name);
  const x = b.input("x", "float32", ["N", 3, "H", "W"]);
  const attrs = { strides: [2, 2], pads: [1, 1, 1, 1], auto_pad: "NOTSET", group: 1 };
  const conv = b.op("Conv", [x, weight("w", [4, 3, 3, 3])], attrs, { name: "first", outputs: ["conv"] });
  const gate = b.op("HardSigmoid", [conv], { alpha: { float: 1 / 6 }, beta: { float: 0.1 } });
  const [left, right] = b.ops("Split", [gate, b.ints([1, 3])], { axis: 1 }, { outputs: ["left", "right"] });
  const top = b.op("Clip", [left, undefined, b.constant(scalar(0.5), "half")]);
  const sum = b.op("Add", [top, right]);
  const flat = b.op("Flatten", [b.op("GlobalAveragePool", [sum])], { axis: 1 }, { outputs: ["features"] });
  const filled = b.op("ConstantOfShape", [b.ints([3])], { value: int64([7]) }, { outputs: ["sevens"] });
  return b.build([flat, filled]);
}

const snapshot = `\
input x float32[N,3,H,W]
conv float32[N,4,(floor(H-1/2)+1),(floor(W-1/2)+1)] = Conv(x, w) {strides: [2,2], pads: [1,1,1,1], auto_pad: "NOTSET", group: 1}
HardSigmoid_0 float32[N,4,(floor(H-1/2)+1),(floor(W-1/2)+1)] = HardSigmoid(conv) {alpha: 0.16666667, beta: 0.1}
left float32[N,1,(floor(H-1/2)+1),(floor(W-1/2)+1)], right float32[N,3,(floor(H-1/2)+1),(floor(W-1/2)+1)] = Split(HardSigmoid_0, onnx-graft.const_0) {axis: 1}
Clip_0 float32[N,1,(floor(H-1/2)+1),(floor(W-1/2)+1)] = Clip(left, _, half)
Add_0 float32[N,3,(floor(H-1/2)+1),(floor(W-1/2)+1)] = Add(Clip_0, right)
GlobalAveragePool_0 float32[N,3,1,1] = GlobalAveragePool(Add_0)
features float32[N,3] = Flatten(GlobalAveragePool_0) {axis: 1}
sevens int64[3] = ConstantOfShape(onnx-graft.const_1) {value: int64[1]}
output features, sevens`;

/** A Loop that carries x through one node. */
function loop(): Graph {
  const value = (name: string): Value => ({ name, dtype: "float32", shape: [2] });
  const flag = (name: string): Value => ({ name, dtype: "bool", shape: [] });
  const [steps, index]: readonly [Value, Value] = [
    { name: "steps", dtype: "int64", shape: [] },
    { name: "index", dtype: "int64", shape: [] },
  ];
  const graph: Graph = {
    inputs: [index, flag("going"), value("h")],
    outputs: [flag("going"), value("grown")],
    constants: new Map([["w", float32([2], [1, 2])]]),
    nodes: [{ op: "Elu", inputs: [value("h")], outputs: [value("grown")], attrs: { alpha: { float: 0.5 } } }],
  };
  return {
    inputs: [steps, value("x")],
    outputs: [value("y")],
    constants: new Map(),
    nodes: [{ op: "Loop", inputs: [steps, undefined, value("x")], outputs: [value("y")], attrs: { body: { graph } } }],
  };
}

const loopSnapshot = `\
input steps int64[]
input x float32[2]
y float32[2] = Loop(steps, _, x) {body: graph
  input index int64[]
  input going bool[]
  input h float32[2]
  grown float32[2] = Elu(h) {alpha: 0.5}
  output going, grown
}
output y`;

function written(graph: Graph): Graph {
  return decodeModel(encodeModel({ graph, opsets: new Map([["", 17]]), metadata: new Map() })).graph;
}

/** A training step, lowered: some thousand lines. */
function step(): Graph {
  const graph = resnet({ depth: 18, classes: 5, width: 4 });
  const settings = { parameters: parametersOf(graph), logits: "logits", loss: softmaxCrossEntropy(), optimizer: sgd() };
  const dims = new Map([
    ["N", 2],
    ["H", 64],
    ["W", 64],
  ]);
  return lower(buildStep(graph, settings, operators).graph, { provider: "cpu", dims });
}

describe("graph/print", () => {
  it("printGraph writes one node a line, as the snapshot has it", () => {
    assert.equal(printGraph(sample()), snapshot);
  });

  it("printGraph writes the body of a Loop indented below it", () => {
    assert.equal(printGraph(loop()), loopSnapshot);
  });

  it("printGraph gives the same text twice, for a graph built anew, and for one whose types are inferred anew", () => {
    const graph = sample();
    assert.equal(printGraph(graph), printGraph(graph));
    assert.equal(printGraph(inferTypes(graph)), snapshot);
  });

  it("printGraph gives the same text after the graph was written as a file and read", () => {
    assert.equal(printGraph(inferTypes(written(sample()))), snapshot);
  });

  it("printGraph gives the same text of a training step that is built twice, written and read", () => {
    const text = printGraph(step());
    assert.equal(printGraph(step()), text);
    assert.equal(printGraph(inferTypes(written(step()))), text);
  });
});
