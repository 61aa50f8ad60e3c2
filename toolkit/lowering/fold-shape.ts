import type { GraphBuilder } from "../graph/builder.ts";
import { readAttributes } from "../graph/attributes.ts";
import type { Node, Value } from "../graph/ir.ts";
import { toNumbers } from "../graph/tensor.ts";
import type { DType, TensorData } from "../graph/tensor.ts";
import { allocate } from "../graph/tensor.ts";
import { elementTypeOf } from "../operators/element-type.ts";

/** The constant that a node of shape arithmetic makes, where everything it reads is known; undefined for any other node. */
export function foldShape(b: GraphBuilder, node: Node): Value | undefined {
  const [x] = node.inputs;
  if (!x || node.domain) return undefined;
  if (node.op === "Shape" || node.op === "Size") return foldExtents(b, node, x);
  const fold = arithmetic[node.op];
  if (!fold || node.inputs.length === 0) return undefined;
  const known = node.inputs.map((v) => v && b.constantOf(v));
  if (known.some((t) => t && (t.data.length > LARGEST || (t.dtype !== "int64" && t.dtype !== "int32"))))
    return undefined;
  const operands = known.filter((t) => t !== undefined);
  return operands.length === node.inputs.length ? fold(b, node, operands) : undefined;
}

/** Shapes are short: anything longer is data, and not for this pass. */
const LARGEST = 64;

function foldExtents(b: GraphBuilder, node: Node, x: Value): Value | undefined {
  if (!x.shape.every((dim) => typeof dim === "number")) return undefined;
  const dims = x.shape.map(Number);
  if (node.op === "Size") return b.constant(integers("int64", [], [dims.reduce((n, dim) => n * dim, 1)]));
  const attrs = readAttributes(node.attrs, node.op);
  return b.ints(dims.slice(attrs.int("start", 0), attrs.int("end", dims.length)));
}

type Fold = (b: GraphBuilder, node: Node, operands: readonly TensorData[]) => Value | undefined;

const elementwise =
  (f: (p: number, q: number) => number): Fold =>
  (b, _, [p, q]) => {
    if (!p || !q || (p.data.length > 1 && q.data.length > 1 && p.data.length !== q.data.length)) return undefined;
    const large = p.shape.length > q.shape.length || p.data.length > q.data.length ? p : q;
    const left = toNumbers(p);
    const right = toNumbers(q);
    return b.constant(
      integers(
        p.dtype,
        large.shape,
        Array.from({ length: large.data.length }, (_v, i) => f(elementAt(left, i), elementAt(right, i))),
      ),
    );
  };

function elementAt(values: readonly number[], i: number): number {
  return (values.length === 1 ? values[0] : values[i]) ?? 0;
}

const sameElements: Fold = (b, node, [x]) => {
  if (!x) return undefined;
  const [type] = b.ops(node.op, node.inputs, node.attrs);
  return type && b.constant(integers(x.dtype, type.shape.map(Number), toNumbers(x)));
};

const arithmetic: Readonly<Record<string, Fold>> = {
  Identity: sameElements,
  Squeeze: sameElements,
  Unsqueeze: sameElements,
  Reshape: sameElements,
  Add: elementwise((p, q) => p + q),
  Sub: elementwise((p, q) => p - q),
  Mul: elementwise((p, q) => p * q),
  Div: elementwise((p, q) => Math.trunc(p / q)),
  Cast: (b, node, [x]) => {
    const dtype = elementTypeOf(readAttributes(node.attrs, node.op).int("to", 1), node.op);
    if (!x || dtype === "float16" || dtype === "bfloat16" || dtype === "bool") return undefined;
    return b.constant(integers(dtype, x.shape, toNumbers(x)));
  },
  Gather: (b, _, [x, at]) => {
    if (!x || !at || x.shape.length !== 1) return undefined;
    const values = toNumbers(x);
    return b.constant(
      integers(
        x.dtype,
        at.shape,
        toNumbers(at).map((i) => values.at(i) ?? 0),
      ),
    );
  },
  Concat: (b, _, operands) => {
    const values = operands.flatMap(toNumbers);
    return operands.every((t) => t.shape.length === 1)
      ? b.constant(integers(operands[0]?.dtype ?? "int64", [values.length], values))
      : undefined;
  },
  ReduceProd: (b, node, [x]) => {
    const attrs = readAttributes(node.attrs, node.op);
    if (!x || attrs.has("axes")) return undefined;
    const product = toNumbers(x).reduce((n, v) => n * v, 1);
    return b.constant(integers(x.dtype, attrs.int("keepdims", 1) ? x.shape.map(() => 1) : [], [product]));
  },
  Slice: (b, _node, [x, starts, ends, , steps]) => {
    if (!x || !starts || !ends || x.shape.length !== 1 || (steps && toNumbers(steps)[0] !== 1)) return undefined;
    const values = toNumbers(x).slice(toNumbers(starts)[0] ?? 0, toNumbers(ends)[0] ?? 0);
    return b.constant(integers(x.dtype, [values.length], values));
  },
};

function integers(dtype: DType, shape: readonly number[], values: readonly number[]): TensorData {
  const data = allocate(dtype, values.length);
  for (const [i, v] of values.entries()) {
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[i] = BigInt(v);
    else data[i] = v;
  }
  return { dtype, shape, data };
}
