import { ToolkitError } from "../errors.ts";
import type { GraphBuilder } from "../graph/builder.ts";
import type { Dim, TensorType, Value } from "../graph/ir.ts";
import type { InferInput, Operator } from "../graph/operator.ts";
import { broadcastShapes, formatShape } from "../graph/shape.ts";

/** NumPy's matmul: a vector on the left is a row, on the right a column, and its axis is dropped from the result. */
function productShape(a: readonly Dim[], w: readonly Dim[], where: string): readonly Dim[] {
  const left = a.length === 1 ? [1, ...a] : a;
  const right = w.length === 1 ? [...w, 1] : w;
  const [rows, inner] = left.slice(-2);
  const [outer, columns] = right.slice(-2);
  if (
    rows === undefined ||
    columns === undefined ||
    (typeof inner === "number" && typeof outer === "number" && inner !== outer)
  ) {
    throw new ToolkitError("E_SHAPE", `Cannot multiply ${formatShape(a)} by ${formatShape(w)} in ${where}`);
  }
  const batch = broadcastShapes(left.slice(0, -2), right.slice(0, -2), where);
  return [...batch, ...(a.length === 1 ? [] : [rows]), ...(w.length === 1 ? [] : [columns])];
}

/** The matrices of `v` with rows and columns exchanged. */
export function transposed(b: GraphBuilder, v: Value): Value {
  const axes = v.shape.map((_, i) => i);
  return b.op("Transpose", [v], { perm: [...axes.slice(0, -2), axes.length - 1, axes.length - 2] });
}

function withAxis(b: GraphBuilder, v: Value, axis: number): Value {
  return b.op("Unsqueeze", [v, b.ints([axis])]);
}

export const matMul: Operator = {
  type: "MatMul",
  infer: ({ input, where }: InferInput): readonly TensorType[] => [
    { dtype: input(0).dtype, shape: productShape(input(0).shape, input(1).shape, where) },
  ],
  gradient: ({ b, x, dy }) => {
    const left = () => (x(0).shape.length === 1 ? withAxis(b, x(0), 0) : x(0));
    const right = () => (x(1).shape.length === 1 ? withAxis(b, x(1), 1) : x(1));
    const product = () => {
      const columns = x(1).shape.length === 1 ? withAxis(b, dy(), -1) : dy();
      return x(0).shape.length === 1 ? withAxis(b, columns, -2) : columns;
    };
    return [
      () => b.op("MatMul", [product(), transposed(b, right())]),
      () => {
        const [inner] = x(1).shape;
        const [outer] = x(1).shape.slice(-1);
        if (
          x(1).shape.length === 2 &&
          x(0).shape.length > 2 &&
          typeof inner === "number" &&
          typeof outer === "number"
        ) {
          // one product over all rows instead of one for each matrix of the batch
          const rows = b.op("Reshape", [x(0), b.ints([-1, inner])]);
          return b.op("MatMul", [transposed(b, rows), b.op("Reshape", [dy(), b.ints([-1, outer])])]);
        }
        const full = b.op("MatMul", [transposed(b, left()), product()]);
        return x(1).shape.length === 1 ? b.op("Squeeze", [full, b.ints([-1])]) : full;
      },
    ];
  },
};

function turned(shape: readonly Dim[], turn: number): readonly Dim[] {
  return turn ? [...shape.slice(0, -2), ...shape.slice(-2).toReversed()] : shape;
}

/** alpha A' B' without the cost of a transposed copy; CPU and CUDA have it. */
export const fusedMatMul: Operator = {
  type: "FusedMatMul",
  domain: "com.microsoft",
  infer: ({ input, attrs, where }) => {
    const a = turned(input(0).shape, attrs.int("transA", 0));
    return [{ dtype: input(0).dtype, shape: productShape(a, turned(input(1).shape, attrs.int("transB", 0)), where) }];
  },
};
