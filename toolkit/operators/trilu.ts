import type { Operator } from "../graph/operator.ts";
import { sameAsInput } from "./unary.ts";

/** The upper or lower triangle of matrices, zeros elsewhere; input 1 moves the diagonal. */
export const trilu: Operator = {
  type: "Trilu",
  infer: sameAsInput,
  gradient: ({ b, node, dy }) => [() => b.op("Trilu", [dy(), ...node.inputs.slice(1)], node.attrs), null],
};
