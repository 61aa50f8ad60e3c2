import type { AttributeReader } from "../graph/attributes.ts";
import type { Operator } from "../graph/operator.ts";

function permutation(rank: number, attrs: AttributeReader): readonly number[] {
  return attrs.ints(
    "perm",
    Array.from({ length: rank }, (_, i) => rank - 1 - i),
  );
}

export const transpose: Operator = {
  type: "Transpose",
  infer: ({ input, attrs }) => {
    const { dtype, shape } = input(0);
    return [{ dtype, shape: permutation(shape.length, attrs).map((axis) => shape[axis] ?? 1) }];
  },
  gradient: ({ b, x, dy, attrs }) => [
    () => {
      const perm = permutation(x().shape.length, attrs);
      return b.op("Transpose", [dy()], { perm: perm.map((_, axis) => perm.indexOf(axis)) });
    },
  ],
};
