import { ToolkitError } from "../errors.ts";
import type { AttributeReader } from "../graph/attributes.ts";
import type { Operator } from "../graph/operator.ts";
import { formatShape } from "../graph/shape.ts";

function permutation(rank: number, attrs: AttributeReader): readonly number[] {
  return attrs.ints(
    "perm",
    Array.from({ length: rank }, (_, i) => rank - 1 - i),
  );
}

export const transpose: Operator = {
  type: "Transpose",
  infer: ({ input, attrs, where }) => {
    const { dtype, shape } = input(0);
    const perm = permutation(shape.length, attrs);
    if (perm.length !== shape.length || shape.some((_, axis) => !perm.includes(axis)))
      throw new ToolkitError("E_SHAPE", `Cannot turn ${formatShape(shape)} by [${perm.join()}] in ${where}`);
    return [{ dtype, shape: perm.map((axis) => shape[axis] ?? 1) }];
  },
  gradient: ({ b, x, dy, attrs }) => [
    () => {
      const perm = permutation(x().shape.length, attrs);
      return b.op("Transpose", [dy()], { perm: perm.map((_, axis) => perm.indexOf(axis)) });
    },
  ],
};
