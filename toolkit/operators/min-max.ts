import type { GradientInput, Gradients, Operator } from "../graph/operator.ts";
import { broadcastInputs } from "./arithmetic.ts";
import { maskLike } from "./like.ts";

/** Where several inputs are equal to the result they share its gradient, as in PyTorch. */
function sharedByWinners({ b, node, x, y, dy }: GradientInput): Gradients {
  const won = (i: number) => maskLike(b, b.op("Equal", [x(i), y()]), y());
  const winners = () => node.inputs.map((_, i) => won(i)).reduce((sum, mask) => b.op("Add", [sum, mask]));
  return node.inputs.map((_, i) => () => b.op("Mul", [b.op("Div", [dy(), winners()]), won(i)]));
}

export const max: Operator = { type: "Max", infer: broadcastInputs, gradient: sharedByWinners };
export const min: Operator = { type: "Min", infer: broadcastInputs, gradient: sharedByWinners };
