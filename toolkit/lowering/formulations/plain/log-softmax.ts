import { normaliseAxis } from "../../../graph/shape.ts";
import type { Formulation } from "../../formulation.ts";
import { lacksKernel } from "./lacks-kernel.ts";

/** x - max - log(sum(exp(x - max))), which is exact where a number is far above the others, and overflows nowhere. */
const shifted: Formulation = {
  name: "log-softmax-shifted",
  serves: () => true,
  pays: lacksKernel,
  write: ({ b, x, attrs }) => {
    const axis = normaliseAxis(attrs.int("axis", -1), x().shape.length, "LogSoftmax");
    const below = b.op("Sub", [x(), b.op("ReduceMax", [x()], { axes: [axis], keepdims: 1 })]);
    const sum = b.op("ReduceSum", [b.op("Exp", [below]), b.ints([axis])], { keepdims: 1 });
    return [b.op("Sub", [below, b.op("Log", [sum])])];
  },
};

export const logSoftmax: readonly Formulation[] = [shifted];
