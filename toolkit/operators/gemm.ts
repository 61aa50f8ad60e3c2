import { ToolkitError } from "../errors.ts";
import type { Dim } from "../graph/ir.ts";
import type { Operator } from "../graph/operator.ts";
import { formatShape } from "../graph/shape.ts";
import { scalarLike } from "./like.ts";

function differs(p: Dim, q: Dim | undefined): boolean {
  return typeof p === "number" && typeof q === "number" && p !== q;
}

/** y = alpha A' B' + beta C, where ' transposes if transA (transB) is 1. */
export const gemm: Operator = {
  type: "Gemm",
  infer: ({ input, inputs, attrs, where }) => {
    const a = input(0);
    const w = input(1);
    const [rows, left] = attrs.int("transA", 0) ? a.shape.toReversed() : a.shape;
    const [right, columns] = attrs.int("transB", 0) ? w.shape.toReversed() : w.shape;
    if (rows === undefined || columns === undefined || left === undefined || differs(left, right)) {
      throw new ToolkitError(
        "E_SHAPE",
        `Cannot multiply ${formatShape(a.shape)} by ${formatShape(w.shape)} in ${where}`,
      );
    }
    const c = inputs[2]?.shape.toReversed() ?? [];
    if (c.length > 2 || c.some((dim, i) => dim !== 1 && differs(dim, [columns, rows][i]))) {
      throw new ToolkitError(
        "E_SHAPE",
        `Cannot add ${formatShape(inputs[2]?.shape ?? [])} to ${formatShape([rows, columns])} in ${where}`,
      );
    }
    return [{ dtype: a.dtype, shape: [rows, columns] }];
  },
  gradient: ({ b, x, dy, attrs }) => {
    const transA = attrs.int("transA", 0);
    const transB = attrs.int("transB", 0);
    const alpha = { float: attrs.float("alpha", 1) };
    const beta = attrs.float("beta", 1);
    return [
      () =>
        transA
          ? b.op("Gemm", [x(1), dy()], { transA: transB, transB: 1, alpha })
          : b.op("Gemm", [dy(), x(1)], { transA: 0, transB: 1 - transB, alpha }),
      () =>
        transB
          ? b.op("Gemm", [dy(), x(0)], { transA: 1, transB: transA, alpha })
          : b.op("Gemm", [x(0), dy()], { transA: 1 - transA, transB: 0, alpha }),
      () => (beta === 1 ? dy() : b.op("Mul", [dy(), scalarLike(b, beta, dy())])),
    ];
  },
};
