import assert from "node:assert/strict";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Graph, Node, Value } from "../../toolkit/graph/ir.ts";
import { float32 } from "../../toolkit/graph/tensor.ts";
import { BLOCKED_DOMAIN, blockedOp } from "../../toolkit/lowering/formulations/blocked/blocked-op.ts";
import { fuseBlocked } from "../../toolkit/lowering/fuse-blocked.ts";
import { operators } from "../../toolkit/operators/index.ts";

const SHAPE = [1, 16, 4, 4];

/** A blocked convolution, and what `write` puts behind it. */
function behind(write: (b: GraphBuilder, conv: Value, other: Value) => readonly Value[]): Graph {
  const b = new GraphBuilder(operators);
  const x = b.input("x", "float32", SHAPE);
  const other = b.input("other", "float32", SHAPE);
  const w = b.input("w", "float32", [16, 16, 1, 1]);
  return b.build(write(b, blockedOp(b, "Conv", [x, w], { kernel_shape: [1, 1] }), other));
}

/** The nodes that are left, and the convolution among them that stands last. */
function fused(graph: Graph): { types: readonly string[]; conv: Node } {
  const { nodes } = fuseBlocked(graph);
  const conv = nodes.findLast(({ op, domain }) => op === "Conv" && domain === BLOCKED_DOMAIN);
  assert.ok(conv);
  return { types: nodes.map(({ op }) => op), conv };
}

describe("lowering/fuse-blocked", () => {
  it("fuseBlocked() takes a sum in as the fourth input, from either side", () => {
    for (const turned of [false, true]) {
      const graph = behind((b, conv, other) => [b.op("Add", turned ? [other, conv] : [conv, other])]);
      const { types, conv } = fused(graph);
      assert.deepEqual(types, ["Conv"]);
      assert.deepEqual(
        conv.inputs.map((v) => v?.name),
        ["x", "w", undefined, "other"],
      );
      assert.deepEqual(conv.outputs, graph.outputs);
    }
  });

  it("fuseBlocked() takes in a ReLU and a Clip between constants, also behind a sum", () => {
    const relu = fused(behind((b, conv, other) => [b.op("Relu", [b.op("Add", [conv, other])])]));
    assert.deepEqual(relu.types, ["Conv"]);
    assert.equal(relu.conv.attrs["activation"], "Relu");
    assert.equal(relu.conv.inputs[3]?.name, "other");
    const clip = fused(behind((b, conv) => [b.op("Clip", [conv, b.scalar(0), b.scalar(6)])]));
    assert.equal(clip.conv.attrs["activation"], "Clip");
    assert.deepEqual(clip.conv.attrs["activation_params"], { float: [0, 6] });
  });

  it("fuseBlocked() leaves a Clip whose bound is not known or not given", () => {
    const open = behind((b, conv) => [b.op("Clip", [conv, b.scalar(0), b.input("high", "float32", [])])]);
    assert.deepEqual(fused(open).types, ["Conv", "Clip"]);
    const low = behind((b, conv) => [b.op("Clip", [conv, b.scalar(0)])]);
    assert.deepEqual(fused(low).types, ["Conv", "Clip"]);
  });

  it("fuseBlocked() leaves a result that another node or an output needs", () => {
    const readTwice = behind((b, conv) => [b.op("Relu", [conv]), b.op("Sigmoid", [conv])]);
    assert.deepEqual(fused(readTwice).types, ["Conv", "Relu", "Sigmoid"]);
    const isOutput = behind((b, conv) => [b.op("Relu", [conv]), conv]);
    assert.deepEqual(fused(isOutput).types, ["Conv", "Relu"]);
    const itself = behind((b, conv) => [b.op("Add", [conv, conv])]);
    assert.deepEqual(fused(itself).types, ["Conv", "Add"]);
  });

  it("fuseBlocked() leaves a sum behind an activation, a second sum, a second activation and a sum that broadcasts", () => {
    const activated = behind((b, conv, other) => [b.op("Add", [b.op("Relu", [conv]), other])]);
    assert.deepEqual(fused(activated).types, ["Conv", "Add"]);
    const twice = behind((b, conv, other) => [b.op("Add", [b.op("Add", [conv, other]), other])]);
    assert.deepEqual(fused(twice).types, ["Conv", "Add"]);
    const relus = behind((b, conv) => [b.op("Clip", [b.op("Relu", [conv]), b.scalar(0), b.scalar(1)])]);
    assert.deepEqual(fused(relus).types, ["Conv", "Clip"]);
    const spread = behind((b, conv) => [b.op("Add", [conv, b.constant(float32([16, 1, 1], new Float32Array(16)))])]);
    assert.deepEqual(fused(spread).types, ["Conv", "Add"]);
  });

  it("fuseBlocked() moves the convolution behind what it adds", () => {
    const late = behind((b, conv, other) => [b.op("Add", [conv, b.op("Sigmoid", [other])])]);
    assert.deepEqual(fused(late).types, ["Sigmoid", "Conv"]);
    const both = behind((b, conv, other) => {
      const second = blockedOp(b, "Conv", [other, b.value("w")], { kernel_shape: [1, 1] });
      return [b.op("Add", [conv, second])];
    });
    const { types, conv } = fused(both);
    assert.deepEqual(types, ["Conv", "Conv"]);
    assert.ok(conv.inputs[3]);
  });

  it("fuseBlocked() leaves standard convolutions", () => {
    const b = new GraphBuilder(operators);
    const conv = b.op("Conv", [b.input("x", "float32", SHAPE), b.input("w", "float32", [16, 16, 1, 1])]);
    const graph = b.build([b.op("Relu", [conv])]);
    assert.deepEqual(fuseBlocked(graph).nodes, graph.nodes);
  });
});
