import type { Operator } from "../graph/operator.ts";
import { sameAsInput } from "./unary.ts";

function step(type: string): Operator {
  return { type, infer: sameAsInput, gradient: null };
}

export const sign: Operator = step("Sign");
export const floor: Operator = step("Floor");
export const ceil: Operator = step("Ceil");
export const round: Operator = step("Round");
