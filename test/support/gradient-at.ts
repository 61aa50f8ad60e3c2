import assert from "node:assert/strict";
import { differentiate } from "../../toolkit/autodiff/differentiate.ts";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Attributes } from "../../toolkit/graph/ir.ts";
import { float32, sizeOf } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { lower } from "../../toolkit/lowering/lower.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { runGraph } from "./run-graph.ts";

/**
 * The gradients that a rule gives for its float32 inputs (or the inputs `wrt`) at just these values, where a gradient of ones flows into the first output:
 * for ties, zeros and other points that have no slope of their own.
 */
export async function gradientAt(
  type: string,
  inputs: readonly TensorData[],
  attrs: Attributes = {},
  wrt: readonly number[] = inputs.flatMap((t, i) => (t.dtype === "float32" ? [i] : [])),
): Promise<readonly (readonly number[])[]> {
  const b = new GraphBuilder(operators);
  const values = inputs.map((t, i) => (wrt.includes(i) ? b.input(`x${i}`, t.dtype, t.shape) : b.constant(t, `c${i}`)));
  const y = b.op(type, values, attrs);
  const seed = b.input("seed", y.dtype, y.shape);
  const names = wrt.map((i) => `x${i}`);
  const { graph, gradients } = differentiate(b.build([y]), y, names, operators, seed);
  const outputs = names.map((name) => {
    const gradient = gradients.get(name);
    assert(gradient, `${type} has no gradient for ${name}`);
    return gradient;
  });
  const extents = y.shape.map(Number);
  const ones = float32(extents, new Float32Array(sizeOf(extents)).fill(1));
  const feeds = new Map([["seed", ones], ...inputs.map((t, i) => [`x${i}`, t] as const)]);
  const results = await runGraph(lower({ ...graph, outputs }, { provider: "cpu", dims: new Map() }), feeds);
  return outputs.map((v) => Array.from(results.get(v.name)?.data ?? [], Number));
}
