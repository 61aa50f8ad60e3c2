import assert from "node:assert/strict";
import type { Attributes } from "../../../toolkit/graph/ir.ts";
import { int64, toNumbers } from "../../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../../toolkit/graph/tensor.ts";
import { normalise } from "../../../toolkit/passes/normalise.ts";
import { random, rawModel } from "../raw-model.ts";
import type { RawModel } from "../raw-model.ts";
import { runGraph } from "../../support/run-graph.ts";
import { sameAfter } from "./one-node.ts";

const mask: TensorData = { dtype: "bool", shape: [3, 3], data: Uint8Array.of(1, 0, 1, 1, 1, 0, 0, 1, 1) };

/** Attention over queries, keys and values that are fed, with a constant mask where there is one. */
function model(shapes: readonly (readonly number[])[], attrs: Attributes = {}, given?: TensorData): RawModel {
  return {
    opset: 23,
    inputs: Object.fromEntries(shapes.map((shape, i) => [`x${i}`, shape])),
    constants: given ? { mask: given } : {},
    nodes: [["Attention", [...shapes.map((_, i) => `x${i}`), ...(given ? ["mask"] : [])], ["y"], attrs]],
    outputs: ["y"],
  };
}

const heads = [
  [2, 4, 3, 5],
  [2, 4, 3, 5],
  [2, 4, 3, 6],
];
const shared = [
  [2, 4, 3, 5],
  [2, 2, 3, 5],
  [2, 2, 3, 6],
];
const flat = [
  [2, 3, 8],
  [2, 3, 8],
  [2, 3, 12],
];

describe("passes/normalise/attention", () => {
  const cases: Readonly<Record<string, RawModel>> = {
    "heads of four axes": model(heads),
    "a scale of its own": model(heads, { scale: { float: 0.3 } }),
    "a soft cap": model(heads, { softcap: { float: 0.5 } }),
    "a mask that is added": model(heads, {}, random([3, 3], 9)),
    "a mask of truth values": model(heads, {}, mask),
    "a causal mask": model(heads, { is_causal: 1 }),
    "keys and values that heads share": model(shared),
    "heads side by side": model(flat, { q_num_heads: 4, kv_num_heads: 4 }),
  };
  for (const [name, raw] of Object.entries(cases)) {
    it(`writes Attention of opset 23 out: ${name}`, async () => {
      const written = await sameAfter(raw);
      assert.ok(written.includes("Softmax") && !written.includes("Attention"));
    });
  }

  it("gives a query that sees no key a weight of 0 for all", async () => {
    const blind: TensorData = { dtype: "bool", shape: [3, 3], data: Uint8Array.of(1, 1, 1, 0, 0, 0, 0, 1, 0) };
    const { graph } = normalise(rawModel(model(heads, {}, blind)));
    const feeds = new Map(heads.map((shape, i) => [`x${i}`, random(shape, i + 1)]));
    const rows = toNumbers((await runGraph(graph, feeds)).get("y") ?? random([1]));
    // [2,4,3,6]: the second of three queries of every head
    assert.ok(rows.every((v, i) => (Math.floor(i / 6) % 3 === 1) === (v === 0)));
  });

  it("refuses Attention over keys and values of the past", () => {
    const raw = model([...heads, [3, 3], [2, 4, 1, 5], [2, 4, 1, 6]]);
    assert.throws(() => normalise(rawModel(raw)), { code: "E_MODEL_OP", message: /of the past/ });
  });

  it("keeps an unknown number of pictures", () => {
    const raw: RawModel = {
      opset: 23,
      inputs: { x: ["N", 3, 8] },
      constants: { shape: int64([0, 0, 8]) },
      nodes: [["Attention", ["x", "x", "x"], ["y"], { q_num_heads: 2, kv_num_heads: 2 }]],
      outputs: ["y"],
    };
    assert.deepEqual(normalise(rawModel(raw)).graph.outputs[0]?.shape, ["N", 3, 8]);
  });
});
