import { ToolkitError } from "../errors.ts";
import type { Dim } from "../graph/ir.ts";
import type { Operator } from "../graph/operator.ts";
import { formatShape, normaliseAxis } from "../graph/shape.ts";
import { toNumbers } from "../graph/tensor.ts";
import type { TensorData } from "../graph/tensor.ts";
import { reshapeLike } from "./like.ts";

/** Axes that are worked out while the graph runs leave even the rank open. */
function expectConstant(axes: TensorData | undefined, isGiven: boolean, where: string): TensorData | undefined {
  if (axes || !isGiven) return axes;
  throw new ToolkitError("E_SHAPE", `Cannot infer the shape of ${where}: its axes are no constant`);
}

function squeezedAxes(shape: readonly Dim[], given: TensorData | undefined): readonly number[] {
  if (given) return toNumbers(given).map((axis) => normaliseAxis(axis, shape.length, "Squeeze"));
  return shape.flatMap((dim, i) => (dim === 1 ? [i] : []));
}

export const squeeze: Operator = {
  type: "Squeeze",
  infer: ({ input, inputs, constant, where }) => {
    const { dtype, shape } = input(0);
    const axes = new Set(squeezedAxes(shape, expectConstant(constant(1), inputs[1] !== undefined, where)));
    const long = [...axes].find((axis) => typeof shape[axis] === "number" && shape[axis] !== 1);
    if (long !== undefined)
      throw new ToolkitError("E_SHAPE", `Cannot drop axis ${long} of ${formatShape(shape)} in ${where}: it is not 1`);
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
  infer: ({ input, constant, where }) => {
    const { dtype, shape } = input(0);
    const given = expectConstant(constant(1), true, where);
    const axes = given ? toNumbers(given) : [];
    const rank = shape.length + axes.length;
    const added = new Set(axes.map((axis) => normaliseAxis(axis, rank, "Unsqueeze")));
    if (added.size < axes.length)
      throw new ToolkitError("E_SHAPE", `Cannot add axes [${axes.join()}] in ${where}: two of them are one`);
    const rest = [...shape];
    return [{ dtype, shape: Array.from({ length: rank }, (_, i) => (added.has(i) ? 1 : (rest.shift() ?? 1))) }];
  },
  gradient: ({ b, x, dy }) => [
    () => (b.constantOf(x(1)) ? b.op("Squeeze", [dy(), x(1)]) : reshapeLike(b, dy(), x())),
    null,
  ],
};
