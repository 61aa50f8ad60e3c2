import type { Dim } from "../graph/ir.ts";
import type { Operator } from "../graph/operator.ts";
import { concreteShape, normaliseAxis } from "../graph/shape.ts";
import { toNumbers } from "../graph/tensor.ts";
import { sumDims } from "./dims.ts";

export const concat: Operator = {
  type: "Concat",
  infer: ({ input, inputs, attrs, where }) => {
    const { dtype, shape } = input(0);
    const axis = normaliseAxis(attrs.int("axis", 0), shape.length, where);
    const joined = sumDims(inputs.map((t) => t?.shape[axis] ?? 0));
    return [
      {
        dtype,
        shape: shape.map((dim, i) =>
          i === axis ? joined : (inputs.find((t) => typeof t?.shape[i] === "number")?.shape[i] ?? dim),
        ),
      },
    ];
  },
  gradient: ({ b, node, x, dy, attrs }) => {
    const axis = normaliseAxis(attrs.int("axis", 0), x().shape.length, "Concat");
    return node.inputs.map((_, i) => () => {
      const sizes = concreteShape(
        node.inputs.slice(0, i + 1).map((v) => v?.shape[axis] ?? 0),
        "the gradient of Concat",
      );
      const end = sizes.reduce((sum, size) => sum + size, 0);
      return b.op("Slice", [dy(), b.ints([end - (sizes[i] ?? 0)]), b.ints([end]), b.ints([axis])]);
    });
  },
};

/** Sizes come as the second input, or the extent is cut into equal parts (the last one smaller). */
export const split: Operator = {
  type: "Split",
  infer: ({ input, constant, attrs, outputCount, where }) => {
    const { dtype, shape } = input(0);
    const axis = normaliseAxis(attrs.int("axis", 0), shape.length, where);
    const given = constant(1);
    const sizes = given ? toNumbers(given) : equalParts(shape[axis] ?? 1, outputCount);
    return sizes.map((size) => ({ dtype, shape: shape.map((dim, i) => (i === axis ? size : dim)) }));
  },
  gradient: ({ b, node, dy, attrs }) => [
    () =>
      b.op(
        "Concat",
        node.outputs.map((_, i) => dy(i)),
        { axis: attrs.int("axis", 0) },
      ),
    null,
  ],
};

function equalParts(extent: Dim, count: number): readonly Dim[] {
  if (typeof extent === "string") return Array.from({ length: count }, () => `(${extent}/${count})`);
  const size = Math.ceil(extent / count);
  return Array.from({ length: count }, (_, i) => Math.min(size, extent - i * size));
}
