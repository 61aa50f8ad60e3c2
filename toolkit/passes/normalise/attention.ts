import type { Value } from "../../graph/ir.ts";
import { concreteShape } from "../../graph/shape.ts";
import { refuse } from "./rewrite.ts";
import type { Rewrites, Rewriting } from "./rewrite.ts";

/** Attention of opset 23, written out: softmax(scale Q K^T + mask) V for each head. Source: ONNX's own description of the operator. */
export const attention: Rewrites = {
  Attention: (r) => {
    const { b } = r;
    if (r.inputs[4] ?? r.inputs[5]) refuse(r, "it takes up keys and values of the past");
    const flat = r.input(0).shape.length === 3;
    const heads = r.attrs.int("q_num_heads", Number(r.input(0).shape[1]));
    const kept = r.attrs.int("kv_num_heads", Number(r.input(1).shape[1]));
    const q = byHead(r, r.input(0), heads);
    const [k, v] = [1, 2].map((i) => repeated(r, byHead(r, r.input(i), kept), heads / kept)) as [Value, Value];
    const weights = weightsOf(r, scoresOf(r, q, k));
    if (!flat) return r.emit("MatMul", [weights, v]);
    const together = b.op("Transpose", [b.op("MatMul", [weights, v])], { perm: [0, 2, 1, 3] });
    return r.emit("Reshape", [together, b.ints([0, 0, heads * Number(v.shape[3])])], {}, 1);
  },
};

/** [N,L,heads*d] as [N,heads,L,d]; what has four axes is so already. */
function byHead({ b, where }: Rewriting, v: Value, heads: number): Value {
  if (v.shape.length === 4) return v;
  const [width = 0] = concreteShape(v.shape.slice(2), where);
  return b.op("Transpose", [b.op("Reshape", [v, b.ints([0, 0, heads, width / heads])])], { perm: [0, 2, 1, 3] });
}

/** Each head `times` times in a row, for queries that share keys and values. */
function repeated({ b }: Rewriting, v: Value, times: number): Value {
  if (times === 1) return v;
  const [, heads, , width] = v.shape;
  const wide = b.op("Expand", [b.op("Unsqueeze", [v, b.ints([2])]), b.ints([1, 1, times, 1, 1])]);
  return b.op("Reshape", [wide, b.ints([0, Number(heads) * times, -1, Number(width)])]);
}

/** scale Q K^T, and within a soft cap where there is one: cap tanh(scores / cap). */
function scoresOf({ b, attrs }: Rewriting, q: Value, k: Value): Value {
  const scale = attrs.float("scale", 1 / Math.sqrt(Number(q.shape[3])));
  const scaled = b.op("Mul", [q, b.scalar(scale)]);
  const scores = b.op("MatMul", [scaled, b.op("Transpose", [k], { perm: [0, 1, 3, 2] })]);
  const cap = attrs.float("softcap", 0);
  if (cap === 0) return scores;
  return b.op("Mul", [b.op("Tanh", [b.op("Div", [scores, b.scalar(cap)])]), b.scalar(cap)]);
}

/** The lowest float32: beside any other score its exponential is 0. */
const LOWEST = -3.4028234663852886e38;

/** Softmax over the keys that a query sees; a query that sees none has weights of 0. */
function weightsOf(r: Rewriting, scores: Value): Value {
  const { b } = r;
  const mask = r.inputs[3];
  const biased = mask && mask.dtype !== "bool" ? b.op("Add", [scores, mask]) : scores;
  const seen = [...(mask?.dtype === "bool" ? [mask] : []), ...causalMask(r, scores)];
  const where = (v: Value, other: number): Value =>
    seen.reduce((all, condition) => b.op("Where", [condition, all, b.scalar(other)]), v);
  return where(b.op("Softmax", [where(biased, LOWEST)], { axis: -1 }), 0);
}

/** Where is_causal asks for it: each query sees the keys up to its own place. */
function causalMask({ b, attrs, where }: Rewriting, scores: Value): readonly Value[] {
  if (attrs.int("is_causal", 0) === 0) return [];
  const [rows = 0, columns = 0] = concreteShape(scores.shape.slice(2), where);
  const data = Uint8Array.from({ length: rows * columns }, (_, i) => Number(i % columns <= Math.floor(i / columns)));
  return [b.constant({ dtype: "bool", shape: [rows, columns], data })];
}
