import assert from "node:assert/strict";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Graph, Value } from "../../toolkit/graph/ir.ts";
import { fillNormal } from "../../toolkit/graph/random.ts";
import { float32, sizeOf } from "../../toolkit/graph/tensor.ts";
import { checkLayouts } from "../../toolkit/lowering/check-layouts.ts";
import { lowerWithForms } from "../../toolkit/lowering/lower.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { machineBlockSize } from "../support/blocked.ts";
import { runGraph } from "../support/run-graph.ts";

const SHAPE = [2, 16, 3, 5];

/** A convolution that lies in blocks, and what `write` puts behind it. */
function behind(write: (b: GraphBuilder, conv: Value) => Value): Graph {
  const b = new GraphBuilder(operators);
  const w = b.constant(float32([16, 16, 1, 1], fillNormal(256, 1, 1)), "w");
  const conv = b.op("Conv", [b.input("x", "float32", SHAPE), w]);
  return b.build([b.op("Identity", [write(b, conv)], {}, { outputs: ["y"] })]);
}

const cases: Readonly<Record<string, (b: GraphBuilder, conv: Value) => Value>> = {
  "a Clip between two numbers": (b, conv) => b.op("Clip", [conv, b.scalar(-0.5), b.scalar(0.5)]),
  "a Clip from below": (b, conv) => b.op("Clip", [conv, b.scalar(0.5)]),
  "a Clip from above alone": (b, conv) => b.op("Clip", [conv, undefined, b.scalar(-0.5)]),
  "the larger of three": (b, conv) => b.op("Max", [b.scalar(0.1), conv, b.op("Neg", [conv])]),
  "one number a channel": (b, conv) => b.op("Mul", [conv, b.constant(float32([16, 1, 1], fillNormal(16, 1, 3)))]),
};

describe("lowering/formulations/blocked/elementwise", () => {
  for (const [name, write] of Object.entries(cases)) {
    it(`elementwise-blocked computes ${name} as the plain form does`, async function () {
      const block = await machineBlockSize();
      if (block === 0) this.skip();
      const graph = behind(write);
      const dims = new Map<string, number>();
      const plain = lowerWithForms(graph, { provider: "cpu", dims });
      const blocked = lowerWithForms(graph, { provider: "cpu", dims, blockSize: block });
      assert.ok(blocked.forms.has("elementwise-blocked"));
      checkLayouts(blocked.graph, blocked);
      const feeds = new Map([["x", float32(SHAPE, fillNormal(sizeOf(SHAPE), 2, 1))]]);
      const expected = (await runGraph(plain.graph, feeds)).get("y")?.data as Float32Array;
      const found = (await runGraph(blocked.graph, feeds)).get("y")?.data as Float32Array;
      assert.equal(found.length, expected.length);
      for (const [i, v] of found.entries()) assert.ok(Math.abs(v - (expected[i] ?? NaN)) < 1e-4, `${i}: ${v}`);
    });
  }
});
