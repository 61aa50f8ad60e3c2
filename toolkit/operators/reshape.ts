import { ToolkitError } from "../errors.ts";
import type { Dim, TensorType } from "../graph/ir.ts";
import type { InferInput, Operator } from "../graph/operator.ts";
import { formatShape, multiplyDims, normaliseAxis } from "../graph/shape.ts";
import { toNumbers } from "../graph/tensor.ts";
import { divideDims } from "./dims.ts";
import { reshapeLike } from "./like.ts";

function reshaped({ input, constant, attrs, where }: InferInput): readonly [TensorType] {
  const { dtype, shape } = input(0);
  const wanted = constant(1);
  if (!wanted) return [{ dtype, shape: unknownDims(input(1), `reshape(${input(0).name},${input(1).name})`) }];
  const copyZero = attrs.int("allowzero", 0) === 0;
  const dims = toNumbers(wanted).map((dim, i): Dim => (dim === 0 && copyZero ? (shape[i] ?? 0) : dim));
  const known = dims.filter((dim) => dim !== -1);
  const rest = divideDims(shape, known);
  const fits = known.length < dims.length ? rest !== undefined : multiplyDims(shape) === multiplyDims(dims);
  if (!fits && [...shape, ...dims].every((dim) => typeof dim === "number")) {
    throw new ToolkitError("E_SHAPE", `Cannot reshape ${formatShape(shape)} to ${formatShape(dims)} in ${where}`);
  }
  return [{ dtype, shape: dims.map((dim) => (dim === -1 ? (rest ?? `rest${formatShape(shape)}`) : dim)) }];
}

/**
 * Names for a shape that is computed when the graph runs; its rank must be known. `name` must say what it is computed from:
 * values whose extents have equal names are taken to have one shape.
 */
export function unknownDims(shape: TensorType, name: string): readonly Dim[] {
  const [rank] = shape.shape;
  if (typeof rank !== "number")
    throw new ToolkitError("E_SHAPE", `Cannot infer the rank of ${name}: its shape input has an unknown length`);
  return Array.from({ length: rank }, (_, i) => `${name}_${i}`);
}

export const reshape: Operator = {
  type: "Reshape",
  infer: reshaped,
  gradient: ({ b, x, dy }) => [() => reshapeLike(b, dy(), x()), null],
};

export const flatten: Operator = {
  type: "Flatten",
  infer: ({ input, attrs }) => {
    const { dtype, shape } = input(0);
    const axis = attrs.int("axis", 1);
    const at = axis === shape.length ? axis : normaliseAxis(axis, shape.length, "Flatten");
    return [{ dtype, shape: [multiplyDims(shape.slice(0, at)), multiplyDims(shape.slice(at))] }];
  },
  gradient: ({ b, x, dy }) => [() => reshapeLike(b, dy(), x())],
};
