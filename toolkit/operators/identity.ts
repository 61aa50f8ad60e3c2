import type { Operator } from "../graph/operator.ts";
import { sameAsInput } from "./unary.ts";

export const identity: Operator = { type: "Identity", infer: sameAsInput, gradient: ({ dy }) => [() => dy()] };

/** The inference form, which changes nothing; dropout in training is written with a mask that is an input. */
export const dropout: Operator = {
  type: "Dropout",
  infer: ({ input, outputCount }) =>
    [input(0), { dtype: "bool" as const, shape: input(0).shape }].slice(0, outputCount),
  gradient: ({ dy }) => [() => dy(), null, null],
};
