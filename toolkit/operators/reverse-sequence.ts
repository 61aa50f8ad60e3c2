import type { Operator } from "../graph/operator.ts";
import { sameAsInput } from "./unary.ts";

/** Turns the first `sequence_lens` elements of each line around; done twice it changes nothing. */
export const reverseSequence: Operator = {
  type: "ReverseSequence",
  infer: sameAsInput,
  gradient: ({ b, node, x, dy }) => [() => b.op("ReverseSequence", [dy(), x(1)], node.attrs), null],
};
