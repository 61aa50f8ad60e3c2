import fc from "fast-check";
import { int64 } from "../../toolkit/graph/tensor.ts";
import type { DType } from "../../toolkit/graph/tensor.ts";
import {
  axesOf,
  axisOf,
  broadcast,
  flag,
  narrower,
  onAxis,
  scalarOf,
  shapeOf,
  unary,
} from "./applications/application.ts";
import type { Generator } from "./applications/application.ts";
import { moves } from "./applications/moves.ts";
import { windows } from "./applications/windows.ts";

const reduce: Generator = onAxis((rank) =>
  fc.record({ axes: axesOf(rank).filter((a) => a.length > 0), keepdims: flag }),
);
const comparable: readonly DType[] = ["float32", "int32", "int64"];

/** How an operator is applied at random, mostly so that it fits. An operator that is not here is applied to one float32 input of any shape. */
export const applications: Readonly<Record<string, Generator>> = {
  ...windows,
  ...moves,
  ...Object.fromEntries(["Add", "Sub", "Mul", "Div"].map((op) => [op, broadcast(2, "float32", "int64", "int32")])),
  ...Object.fromEntries(
    ["Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual"].map((op) => [op, broadcast(2, ...comparable)]),
  ),
  ...Object.fromEntries(["And", "Or", "Xor"].map((op) => [op, broadcast(2, "bool")])),
  ...Object.fromEntries(["ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd"].map((op) => [op, reduce])),
  Pow: broadcast(2, "float32"),
  Min: broadcast(3, "float32", "int64"),
  Max: broadcast(2, "float32", "int64"),
  Not: unary("bool"),
  PRelu: shapeOf(1, 4).chain((shape) => narrower(shape).map((slope) => ({ inputs: [shape, slope] }))),
  Where: shapeOf(0, 4).chain((full) =>
    fc
      .tuple(narrower(full), narrower(full), narrower(full))
      .map(([c, a, b]) => ({ inputs: [{ dtype: "bool", of: c }, a, b] })),
  ),
  Softmax: onAxis((rank) => fc.record({ axis: axisOf(rank) })),
  LogSoftmax: onAxis((rank) => fc.record({ axis: axisOf(rank) })),
  ReduceSum: shapeOf(1, 4).chain((shape) =>
    fc.tuple(axesOf(shape.length), flag, flag).map(([axes, keepdims, noop]) => ({
      inputs: [shape, int64(axes)],
      attrs: { keepdims, noop_with_empty_axes: noop },
    })),
  ),
  ArgMax: onAxis((rank) => fc.record({ axis: axisOf(rank), keepdims: flag })),
  Cast: shapeOf(0, 3).chain((of) => fc.constantFrom(1, 6, 7, 9, 11).map((to) => ({ inputs: [of], attrs: { to } }))),
  Clip: shapeOf(0, 4).map((of) => ({ inputs: [of, scalarOf("float32", 0), scalarOf("float32", 1)] })),
  ...Object.fromEntries(
    ["ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceSumSquare"].map((op) => [op, reduce]),
  ),
  ArgMin: onAxis((rank) => fc.record({ axis: axisOf(rank), keepdims: flag })),
  Mod: broadcast(2, "int64", "int32"),
  Sum: broadcast(3, "float32"),
  Mean: broadcast(2, "float32"),
  Hardmax: onAxis((rank) => fc.record({ axis: axisOf(rank) })),
  LpNormalization: shapeOf(1, 4).map((shape) => ({ inputs: [shape] })),
};

/** On how many random applications an operator is tried: more where it has more than one input, or attributes. */
export function applicationCount(type: string): number {
  return applications[type] ? 30 : 6;
}
