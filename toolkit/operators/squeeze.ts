import type { Dim } from "../graph/ir.ts";
import type { Operator } from "../graph/operator.ts";
import { normaliseAxis } from "../graph/shape.ts";
import { toNumbers } from "../graph/tensor.ts";
import type { TensorData } from "../graph/tensor.ts";
import { reshapeLike } from "./like.ts";

function squeezedAxes(shape: readonly Dim[], given: TensorData | undefined): readonly number[] {
  if (given) return toNumbers(given).map((axis) => normaliseAxis(axis, shape.length, "Squeeze"));
  return shape.flatMap((dim, i) => (dim === 1 ? [i] : []));
}

export const squeeze: Operator = {
  type: "Squeeze",
  infer: ({ input, constant }) => {
    const { dtype, shape } = input(0);
    const axes = new Set(squeezedAxes(shape, constant(1)));
    return [{ dtype, shape: shape.filter((_, i) => !axes.has(i)) }];
  },
  gradient: ({ b, node, x, dy }) => [
    () => {
      const given = node.inputs[1];
      const axes = squeezedAxes(x().shape, given && b.constantOf(given));
      return axes.length === 0 ? dy() : b.op("Unsqueeze", [dy(), b.ints(axes)]);
    },
    null,
  ],
};

export const unsqueeze: Operator = {
  type: "Unsqueeze",
  infer: ({ input, constant }) => {
    const { dtype, shape } = input(0);
    const given = constant(1);
    const axes = given ? toNumbers(given) : [];
    const rank = shape.length + axes.length;
    const added = new Set(axes.map((axis) => normaliseAxis(axis, rank, "Unsqueeze")));
    const rest = [...shape];
    return [{ dtype, shape: Array.from({ length: rank }, (_, i) => (added.has(i) ? 1 : (rest.shift() ?? 1))) }];
  },
  gradient: ({ b, x, dy }) => [
    () => (b.constantOf(x(1)) ? b.op("Squeeze", [dy(), x(1)]) : reshapeLike(b, dy(), x())),
    null,
  ],
};
