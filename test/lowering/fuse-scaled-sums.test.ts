import assert from "node:assert/strict";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Graph, Value } from "../../toolkit/graph/ir.ts";
import { fillNormal } from "../../toolkit/graph/random.ts";
import { float32, scalar, sizeOf } from "../../toolkit/graph/tensor.ts";
import type { DType } from "../../toolkit/graph/tensor.ts";
import { BLOCKED_DOMAIN } from "../../toolkit/lowering/formulations/blocked/blocked-op.ts";
import { fuseScaledSums } from "../../toolkit/lowering/fuse-scaled-sums.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { machineBlockSize } from "../support/blocked.ts";
import { runGraph } from "../support/run-graph.ts";

const SHAPE = [2, 32, 3, 3];

interface Parts {
  readonly b: GraphBuilder;
  readonly x: Value;
  readonly s: Value;
  readonly y: Value;
}

/** A graph of x and y of `shape`, and s [] or [1], whose outputs `write` makes. */
function graphOf(
  write: (parts: Parts) => readonly Value[],
  {
    shape = SHAPE,
    dtype = "float32",
    s = [],
  }: { shape?: readonly (number | string)[]; dtype?: DType; s?: readonly number[] } = {},
): Graph {
  const b = new GraphBuilder(operators);
  const [x, y] = [b.input("x", dtype, shape), b.input("y", dtype, shape)];
  return b.build(write({ b, x, s: b.input("s", dtype, s), y }));
}

/** The operators that are left, those of blocks with a star. */
function fused(graph: Graph, block = 16): readonly string[] {
  return fuseScaledSums(graph, block, operators).nodes.map(({ op, domain }) =>
    domain === BLOCKED_DOMAIN ? `${op}*` : op,
  );
}

const FUSED = ["Expand", "Conv*"];
const LEFT = ["Mul", "Add"];

/** Both operands of the product and of the sum in either order. */
const ORDERS = [
  ["x * s + y", ({ b, x, s, y }: Parts) => [b.op("Add", [b.op("Mul", [x, s]), y], {}, { outputs: ["sum"] })]],
  ["s * x + y", ({ b, x, s, y }: Parts) => [b.op("Add", [b.op("Mul", [s, x]), y], {}, { outputs: ["sum"] })]],
  ["y + x * s", ({ b, x, s, y }: Parts) => [b.op("Add", [y, b.op("Mul", [x, s])], {}, { outputs: ["sum"] })]],
  ["y + s * x", ({ b, x, s, y }: Parts) => [b.op("Add", [y, b.op("Mul", [s, x])], {}, { outputs: ["sum"] })]],
] as const;

describe("lowering/fuse-scaled-sums", () => {
  for (const [name, write] of ORDERS) {
    it(`fuseScaledSums() writes ${name} as one convolution of the same result`, async function () {
      const graph = graphOf(write);
      for (const block of [8, 16]) assert.deepEqual(fused(graph, block), FUSED);
      assert.deepEqual(fused(graphOf(write, { s: [1] })), FUSED);
      const block = await machineBlockSize();
      if (block === 0) this.skip();
      const numbers = (stream: number): Float32Array => fillNormal(sizeOf(SHAPE), 1, stream);
      const feeds = new Map([
        ["x", float32(SHAPE, numbers(1))],
        ["y", float32(SHAPE, numbers(2))],
        ["s", scalar(-0.3)],
      ]);
      const [expected, found] = [
        await runGraph(graph, feeds),
        await runGraph(fuseScaledSums(graph, block, operators), feeds),
      ];
      const sums = expected.get("sum")?.data as Float32Array;
      const values = found.get("sum")?.data as Float32Array;
      assert.equal(values.length, sums.length);
      for (const [i, v] of values.entries()) assert.ok(Math.abs(v - (sums[i] ?? NaN)) < 1e-6, `${i}: ${v}`);
    });
  }

  it("fuseScaledSums() lets a sum of two products take in one of them", () => {
    const graph = graphOf(({ b, x, s, y }) => [b.op("Add", [b.op("Mul", [x, s]), b.op("Mul", [y, s])])]);
    assert.deepEqual(fused(graph), ["Mul", ...FUSED]);
  });

  it("fuseScaledSums() leaves a product that is an output or has a second reader", () => {
    const isOutput = graphOf(({ b, x, s, y }) => {
      const product = b.op("Mul", [x, s]);
      return [product, b.op("Add", [product, y])];
    });
    assert.deepEqual(fused(isOutput), LEFT);
    const readTwice = graphOf(({ b, x, s, y }) => {
      const product = b.op("Mul", [x, s]);
      return [b.op("Add", [product, y]), b.op("Neg", [product])];
    });
    assert.deepEqual(fused(readTwice), [...LEFT, "Neg"]);
    const itself = graphOf(({ b, x, s }) => {
      const product = b.op("Mul", [x, s]);
      return [b.op("Add", [product, product])];
    });
    assert.deepEqual(fused(itself), LEFT);
  });

  it("fuseScaledSums() leaves channels that do not fill blocks, and what is no float32 picture of known extents", () => {
    const [, write] = ORDERS[0];
    for (const shape of [[2, 24, 3, 3], [32, 3, 3], [32], ["N", 32, 3, 3]])
      assert.deepEqual(fused(graphOf(write, { shape })), LEFT, shape.join());
    assert.deepEqual(fused(graphOf(write, { shape: [2, 24, 3, 3] }), 8), FUSED);
    assert.deepEqual(fused(graphOf(write, { dtype: "float64" })), LEFT);
  });

  it("fuseScaledSums() leaves a scale of more than one number, and operands that broadcast", () => {
    const perChannel = graphOf(({ b, x, y }) => [
      b.op("Add", [b.op("Mul", [x, b.input("f", "float32", [32, 1, 1])]), y]),
    ]);
    assert.deepEqual(fused(perChannel), LEFT);
    const spread = graphOf(({ b, x, s }) => [b.op("Add", [b.op("Mul", [x, s]), b.input("f", "float32", [32, 1, 1])])]);
    assert.deepEqual(fused(spread), LEFT);
    const spreadProduct = graphOf(({ b, y, s }) => [
      b.op("Add", [b.op("Mul", [b.input("f", "float32", [1, 32, 1, 1]), s]), y]),
    ]);
    assert.deepEqual(fused(spreadProduct), LEFT);
  });

  it("fuseScaledSums() leaves other operators where they are", () => {
    const graph = graphOf(({ b, x, s, y }) => [b.op("Relu", [b.op("Sub", [b.op("Mul", [x, s]), y])])]);
    assert.deepEqual(fuseScaledSums(graph, 16, operators).nodes, graph.nodes);
  });
});
