import { sumOfRepeats } from "../../operators/expand.ts";
import type { Formulation } from "../formulation.ts";
import { scatterBack } from "./moved-gradient.ts";

const summed: Formulation = {
  name: "tile-sum",
  serves: ({ b, x }) => sumOfRepeats(b, x(0), x(1), x(2)) !== undefined,
  write: ({ b, x }) => [sumOfRepeats(b, x(0), x(1), x(2)) ?? x(0)],
};

const scattered: Formulation = {
  name: "tile-scatter",
  serves: () => true,
  write: ({ b, x }) => [scatterBack(b, "Tile", [x(0), x(1), x(2)])],
};

export const tileGradient: readonly Formulation[] = [summed, scattered];
