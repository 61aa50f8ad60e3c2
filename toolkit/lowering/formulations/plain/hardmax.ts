import { normaliseAxis } from "../../../graph/shape.ts";
import { maskLike, scalarLike } from "../../../operators/like.ts";
import type { Formulation } from "../../formulation.ts";
import { lacksKernel } from "./lacks-kernel.ts";

/** Float32 counts exactly up to here. */
const LARGEST_COUNT = 2 ** 24;

/** 1 where an element is the largest and no equal one stands before it: those up to it are counted. */
const counted: Formulation = {
  name: "hardmax-counted",
  serves: ({ x, attrs }) => {
    const extent = x().shape.at(attrs.int("axis", -1));
    return x().dtype === "float32" && typeof extent === "number" && extent <= LARGEST_COUNT;
  },
  pays: lacksKernel,
  write: ({ b, x, attrs }) => {
    const axis = normaliseAxis(attrs.int("axis", -1), x().shape.length, "Hardmax");
    const largest = b.op("ReduceMax", [x()], { axes: [axis], keepdims: 1 });
    const isLargest = maskLike(b, b.op("Equal", [x(), largest]), x());
    const before = b.op("CumSum", [isLargest, b.scalar(axis, "int32")]);
    const isFirst = maskLike(b, b.op("Equal", [before, scalarLike(b, 1, x())]), x());
    return [b.op("Mul", [isLargest, isFirst])];
  },
};

export const hardmax: readonly Formulation[] = [counted];
