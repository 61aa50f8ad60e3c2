import { squaresAround } from "../../../operators/lrn.ts";
import { scalarLike } from "../../../operators/like.ts";
import type { Formulation } from "../../formulation.ts";
import { lacksKernel } from "./lacks-kernel.ts";

/** x d^-beta, with d from an average pool over the channels. */
const pooled: Formulation = {
  name: "lrn-pooled-channels",
  serves: ({ x }) => typeof x().shape[1] === "number",
  pays: lacksKernel,
  write: ({ b, x, attrs }) => {
    const exponent = scalarLike(b, -attrs.float("beta", 0.75), x());
    return [b.op("Mul", [x(), b.op("Pow", [squaresAround(b, x(), attrs), exponent])])];
  },
};

export const lrn: readonly Formulation[] = [pooled];
