import type { Formulation } from "../../formulation.ts";
import { blockOf } from "./blockable.ts";

/** The steep slope of the plain form, where either operand is blocked. */
const steepSlope: Formulation = {
  name: "relu-steep-slope-blocked",
  serves: (site) => blockOf(site) > 0 && [0, 1].some((i) => site.made(i) === "blocked"),
  write: ({ b, x }) => {
    const mask = b.op("HardSigmoid", [x(1, "blocked")], { alpha: { float: 1e30 }, beta: { float: 0 } });
    return [{ value: b.op("Mul", [x(0, "blocked"), mask]), layout: "blocked" }];
  },
};

export const reluForms: readonly Formulation[] = [steepSlope];
