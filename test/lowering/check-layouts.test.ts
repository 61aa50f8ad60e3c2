import assert from "node:assert/strict";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Graph, Value } from "../../toolkit/graph/ir.ts";
import { float32 } from "../../toolkit/graph/tensor.ts";
import { checkLayouts } from "../../toolkit/lowering/check-layouts.ts";
import { blockedOp } from "../../toolkit/lowering/formulations/blocked/blocked-op.ts";
import { operators } from "../../toolkit/operators/index.ts";

const SHAPE = [2, 16, 3, 4];
const plain = { layouts: new Map() };

interface Parts {
  readonly b: GraphBuilder;
  readonly x: Value;
  /** x in blocks. */
  readonly blocked: Value;
}

function graphOf(write: (parts: Parts) => Value): Graph {
  const b = new GraphBuilder(operators);
  const x = b.input("x", "float32", SHAPE);
  return b.build([write({ b, x, blocked: blockedOp(b, "ReorderInput", [x]) })]);
}

function toPlain(b: GraphBuilder, v: Value): Value {
  return blockedOp(b, "ReorderOutput", [v], { channels: Number(v.shape[1]) });
}

const filter = (b: GraphBuilder): Value => b.constant(float32([16, 16, 1, 1], new Float32Array(256)), "w");
const vector = (b: GraphBuilder): Value => b.constant(float32([16, 1, 1], new Float32Array(16)), "v");

/** What the toolkit writes. */
const declared: Readonly<Record<string, (parts: Parts) => Value>> = {
  "there and back": ({ b, blocked }) => toPlain(b, blocked),
  "element by element, alike or with a number": ({ b, blocked }) =>
    toPlain(b, b.op("Mul", [b.op("Add", [blocked, b.op("Relu", [blocked])]), b.scalar(2)])),
  "a convolution with a sum": ({ b, blocked }) =>
    toPlain(b, blockedOp(b, "Conv", [blocked, filter(b), undefined, blocked])),
  "a number for each channel, on a view": ({ b, blocked }) => {
    const folded = b.op("Reshape", [blocked, b.ints([2, 2, 12, 8])]);
    const product = b.op("Mul", [folded, b.op("Reshape", [vector(b), b.ints([1, 2, 1, 8])])]);
    return toPlain(b, b.op("Reshape", [product, b.ints(SHAPE)]));
  },
  "maps of one pixel": ({ b, blocked }) => b.op("Softmax", [blockedOp(b, "GlobalAveragePool", [blocked])], { axis: 1 }),
  "a sum over everything": ({ b, blocked }) => b.op("ReduceSum", [blocked], { keepdims: 0 }),
  "a scaled sum of plain values": ({ b, x }) =>
    blockedOp(b, "Conv", [x, b.op("Expand", [b.scalar(2), b.ints([16, 1, 1, 1])]), undefined, x], { group: 16 }),
};

/** What ONNX Runtime would run, and compute nonsense. */
const undeclared: Readonly<Record<string, (parts: Parts) => Value>> = {
  "a blocked output": ({ blocked }) => blocked,
  "a number for each channel": ({ b, blocked }) => toPlain(b, b.op("Mul", [blocked, vector(b)])),
  "a plain operand beside a blocked one": ({ b, x, blocked }) => toPlain(b, b.op("Add", [blocked, x])),
  "Softmax over channels": ({ b, blocked }) => b.op("Softmax", [blocked], { axis: 1 }),
  "Concat over channels": ({ b, blocked }) => toPlain(b, b.op("Concat", [blocked, blocked], { axis: 1 })),
  "Slice of channels": ({ b, blocked }) => toPlain(b, b.op("Slice", [blocked, b.ints([0]), b.ints([8]), b.ints([1])])),
  "a standard convolution": ({ b, blocked }) => b.op("Conv", [blocked, filter(b)]),
  "a standard pool": ({ b, blocked }) => b.op("MaxPool", [blocked], { kernel_shape: [2, 2] }),
  "a head on a flattened view": ({ b, blocked }) => {
    const flat = b.op("Reshape", [blocked, b.ints([2, 192])]);
    return b.op("MatMul", [flat, b.constant(float32([192, 2], new Float32Array(384)))]);
  },
  "sums over channels": ({ b, blocked }) => b.op("ReduceSum", [blocked, b.ints([1])], { keepdims: 0 }),
  "means over pixels": ({ b, blocked }) => b.op("ReduceMean", [blocked], { axes: [2, 3] }),
  "a plain pool's operand": ({ b, x }) => toPlain(b, blockedOp(b, "MaxPool", [x], { kernel_shape: [2, 2] })),
  "a plain sum": ({ b, x, blocked }) => toPlain(b, blockedOp(b, "Conv", [blocked, filter(b), undefined, x])),
  "plain values put back": ({ b, x }) => toPlain(b, x),
  "blocks in blocks": ({ b, blocked }) => toPlain(b, blockedOp(b, "ReorderInput", [blocked])),
};

describe("lowering/check-layouts", () => {
  for (const [name, write] of Object.entries(declared)) {
    it(`checkLayouts() passes ${name}`, () => {
      const graph = graphOf(write);
      assert.equal(checkLayouts(graph, plain), graph);
    });
  }
  for (const [name, write] of Object.entries(undeclared)) {
    it(`checkLayouts() refuses ${name}`, () => {
      assert.throws(() => checkLayouts(graphOf(write), plain), { code: "E_GRAPH" });
    });
  }

  it("checkLayouts() wants what replaces blocked state to be blocked", () => {
    const b = new GraphBuilder(operators);
    const w = b.input("w", "float32", [16, 16, 3, 3]);
    const [same, moved] = [b.op("Neg", [w]), toPlain(b, w)];
    const layouts = new Map([["w", "filter"]] as const);
    checkLayouts(b.build([same]), { layouts, state: new Map([["w", same.name]]) });
    checkLayouts(b.build([moved]), { layouts });
    const check = (v: Value): Graph => checkLayouts(b.build([v]), { layouts, state: new Map([["w", moved.name]]) });
    assert.throws(() => check(same), { code: "E_GRAPH" });
    assert.throws(() => check(moved), { code: "E_GRAPH" });
  });
});
