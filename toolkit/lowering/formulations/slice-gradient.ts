import { canUncut, uncutAll } from "../../operators/slice.ts";
import type { Formulation } from "../formulation.ts";

const zerosAround: Formulation = {
  name: "zeros around",
  serves: ({ b, node, x }) => canUncut(b, x(1), node.inputs.slice(2)),
  write: ({ b, node, x }) => [uncutAll(b, x(0), x(1), node.inputs.slice(2))],
};

export const sliceGradient: readonly Formulation[] = [zerosAround];
