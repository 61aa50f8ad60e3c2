import type { Operator } from "../graph/operator.ts";
import { broadcastInputs } from "./arithmetic.ts";

/** y = a - n trunc(a / n) with fmod = 1, the only form for floating point; between the jumps of trunc it is straight. */
export const mod: Operator = {
  type: "Mod",
  infer: broadcastInputs,
  gradient: ({ b, x, dy }) => [
    () => dy(),
    () => {
      const ratio = b.op("Div", [x(0), x(1)]);
      const whole = b.op("Mul", [b.op("Sign", [ratio]), b.op("Floor", [b.op("Abs", [ratio])])]);
      return b.op("Neg", [b.op("Mul", [dy(), whole])]);
    },
  ],
};
