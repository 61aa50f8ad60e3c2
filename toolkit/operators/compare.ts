import type { Operator } from "../graph/operator.ts";
import { broadcastInputs } from "./arithmetic.ts";

function comparison(type: string): Operator {
  return { type, infer: (t) => [{ dtype: "bool", shape: broadcastInputs(t)[0].shape }], gradient: null };
}

export const equal: Operator = comparison("Equal");
export const greater: Operator = comparison("Greater");
export const less: Operator = comparison("Less");
export const greaterOrEqual: Operator = comparison("GreaterOrEqual");
export const lessOrEqual: Operator = comparison("LessOrEqual");
export const and: Operator = comparison("And");
export const or: Operator = comparison("Or");
export const xor: Operator = comparison("Xor");
export const not: Operator = comparison("Not");

function test(type: string): Operator {
  return { type, infer: ({ input }) => [{ dtype: "bool", shape: input(0).shape }], gradient: null };
}

export const isNaN: Operator = test("IsNaN");
export const isInf: Operator = test("IsInf");
