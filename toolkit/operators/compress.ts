import type { Dim } from "../graph/ir.ts";
import type { Operator } from "../graph/operator.ts";
import { normaliseAxis } from "../graph/shape.ts";
import { toNumbers } from "../graph/tensor.ts";

/** The slices along an axis, or the elements where no axis is given, for which a condition holds. */
export const compress: Operator = {
  type: "Compress",
  infer: ({ input, constant, attrs, where }) => {
    const { dtype, shape } = input(0);
    const condition = constant(1);
    const kept: Dim = condition ? toNumbers(condition).filter((v) => v !== 0).length : `compressed(${input(1).name})`;
    if (!attrs.has("axis")) return [{ dtype, shape: [kept] }];
    return [{ dtype, shape: shape.with(normaliseAxis(attrs.int("axis", 0), shape.length, where), kept) }];
  },
  gradient: ({ b, node, x, dy }) => [
    () => b.gradient("MovedGradient", [dy(), x(), x(1)], { ...node.attrs, operator: "Compress" }),
    null,
  ],
};
