import { canUncut, uncutAll } from "../../operators/slice.ts";
import type { Formulation } from "../formulation.ts";
import { scatterBack } from "./moved-gradient.ts";

const zerosAround: Formulation = {
  name: "slice-zeros-around",
  serves: ({ b, node, x }) => canUncut(b, x(1), node.inputs.slice(2)),
  write: ({ b, node, x }) => [uncutAll(b, x(0), x(1), node.inputs.slice(2))],
};

const scattered: Formulation = {
  name: "slice-scatter",
  serves: () => true,
  write: ({ b, node, x }) => [scatterBack(b, "Slice", [x(0), x(1), ...node.inputs.slice(2)])],
};

export const sliceGradient: readonly Formulation[] = [zerosAround, scattered];
