import assert from "node:assert/strict";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Value } from "../../toolkit/graph/ir.ts";
import { inputLayouts } from "../../toolkit/lowering/input-layouts.ts";
import { operators } from "../../toolkit/operators/index.ts";

const BLOCK = 16;
const target = { provider: "cpu", dims: new Map<string, number>(), blockSize: BLOCK } as const;

/** The inputs that lie as filters where each of `shapes` is a filter of one convolution, with a momentum that is updated beside it. */
function laidOut(
  shapes: Readonly<Record<string, readonly number[]>>,
  group: Readonly<Record<string, number>> = {},
): readonly string[] {
  const b = new GraphBuilder(operators);
  const state = new Map<string, string>();
  const outputs: Value[] = [];
  for (const [name, shape] of Object.entries(shapes)) {
    const groups = group[name] ?? 1;
    const x = b.input(`x/${name}`, "float32", ["N", (shape[1] ?? 1) * groups, "H", "W"]);
    const [w, momentum] = [b.input(name, "float32", shape), b.input(`momentum/${name}`, "float32", shape)];
    const next = b.op("Add", [b.op("Mul", [momentum, b.scalar(0.9)]), w]);
    outputs.push(b.op("Conv", [x, w], { group: groups }), next);
    state.set(name, next.name).set(momentum.name, next.name);
  }
  return [...inputLayouts(b.build(outputs), { ...target, state }).keys()];
}

describe("lowering/input-layouts", () => {
  it("inputLayouts() lays out the filters of blocked convolutions and what is updated beside them", () => {
    assert.deepEqual(laidOut({ w: [32, 16, 3, 3] }), ["w", "momentum/w"]);
    assert.deepEqual(laidOut({ stem: [16, 3, 7, 7] }), ["stem", "momentum/stem"]);
    assert.deepEqual(laidOut({ depthwise: [48, 1, 3, 3] }, { depthwise: 48 }), ["depthwise", "momentum/depthwise"]);
    assert.deepEqual(laidOut({ groups: [64, 16, 3, 3] }, { groups: 4 }), ["groups", "momentum/groups"]);
  });

  it("inputLayouts() leaves filters that do not fill blocks", () => {
    const shapes = { filters: [10, 16, 1, 1], channels: [16, 24, 1, 1], small: [32, 8, 3, 3] };
    assert.deepEqual(laidOut(shapes, { small: 4 }), []);
  });

  it("inputLayouts() leaves everything plain without blocks or state, and takes what another graph has chosen", () => {
    const b = new GraphBuilder(operators);
    const [x, w] = [b.input("x", "float32", [1, 16, 4, 4]), b.input("w", "float32", [16, 16, 1, 1])];
    const graph = b.build([b.op("Conv", [x, w])]);
    const state = new Map([["w", "next"]]);
    assert.equal(inputLayouts(graph, { ...target, state }).get("w"), "filter");
    assert.equal(inputLayouts(graph, target).size, 0);
    assert.equal(inputLayouts(graph, { ...target, state, blockSize: 0 }).size, 0);
    const layouts = new Map([
      ["w", "filter"],
      ["elsewhere", "filter"],
    ] as const);
    assert.deepEqual([...inputLayouts(graph, { ...target, layouts })], [["w", "filter"]]);
  });

  it("inputLayouts() leaves state of another shape and inputs that are no state", () => {
    const b = new GraphBuilder(operators);
    const [x, w, s] = [
      b.input("x", "float32", [1, 16, 4, 4]),
      b.input("w", "float32", [16, 16, 1, 1]),
      b.input("s", "float32", [16, 1, 1, 1]),
    ];
    const graph = b.build([b.op("Conv", [x, b.op("Mul", [w, s])])]);
    const state = new Map([
      ["s", "next/s"],
      ["w", "next"],
    ]);
    assert.deepEqual([...inputLayouts(graph, { ...target, state }).keys()], ["w"]);
  });
});
