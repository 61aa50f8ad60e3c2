import type { GraphBuilder } from "../graph/builder.ts";
import type { Node, Value } from "../graph/ir.ts";
import type { TensorData } from "../graph/tensor.ts";
import { evaluate } from "../operators/evaluate.ts";

/** Shapes are short: anything longer is data, and not for this pass. */
const LARGEST = 64;

/** Sizes times a factor are computed in floating point, an extent at a time or for all axes. */
const LARGEST_FLOAT = 8;

const arithmetic: ReadonlySet<string> = new Set(
  "Identity Squeeze Unsqueeze Reshape Add Sub Mul Div Cast Floor Ceil Gather Concat ReduceProd Slice".split(" "),
);

/** The constant that a node of shape arithmetic makes, where everything it reads is known; undefined for any other node. */
export function foldShape(b: GraphBuilder, node: Node): Value | undefined {
  const [x] = node.inputs;
  if (!x || node.domain) return undefined;
  const known = node.op === "Shape" || node.op === "Size" ? [extentsOf(x)] : elementsOf(b, node);
  const result = known?.[0] && evaluate(node.op, known, node.attrs);
  return result && b.constant(result);
}

/** A tensor of no elements that has the value's shape, which is all that Shape and Size read. */
function extentsOf(x: Value): TensorData | undefined {
  if (!x.shape.every((dim) => typeof dim === "number")) return undefined;
  return { dtype: x.dtype, shape: x.shape, data: new Uint8Array() };
}

function elementsOf(b: GraphBuilder, node: Node): readonly (TensorData | undefined)[] | undefined {
  if (!arithmetic.has(node.op)) return undefined;
  const known = node.inputs.map((v) => v && b.constantOf(v));
  return known.every((t, i) => (t ? isShort(t) : !node.inputs[i])) ? known : undefined;
}

function isShort(t: TensorData): boolean {
  if (t.dtype === "float32") return t.data.length <= LARGEST_FLOAT;
  return t.data.length <= LARGEST && (t.dtype === "int64" || t.dtype === "int32");
}
