import { isFloating } from "../../../graph/element-type.ts";
import { maskLike, scalarLike } from "../../../operators/like.ts";
import type { Formulation } from "../../formulation.ts";
import { lacksKernel } from "./lacks-kernel.ts";

/** (x > 0) - (x < 0) */
const comparisons: Formulation = {
  name: "sign-comparisons",
  serves: ({ x }) => isFloating(x().dtype),
  pays: lacksKernel,
  write: ({ b, x }) => {
    const zero = scalarLike(b, 0, x());
    const is = (comparison: string) => maskLike(b, b.op(comparison, [x(), zero]), x());
    return [b.op("Sub", [is("Greater"), is("Less")])];
  },
};

export const sign: readonly Formulation[] = [comparisons];
