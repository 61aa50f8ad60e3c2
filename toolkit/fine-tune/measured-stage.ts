import { measureStep, MEASURE } from "../train/measure-step.ts";
import type { Tensors } from "../runtime/runtime.ts";
import type { Stage } from "./stage.ts";

/** Norms are taken at every so many steps: the cost is spread over these. */
const EVERY = 10;
/** Measured steps of a stage, at the most. */
const MOST = 300;

/**
 * The stage with the norms of gradients, weights and updates taken at the first update and then at every tenth step, or fewer of a long stage. Whether they are taken is decided
 * when a step is run, so that no weight depends on it. `accumulate` steps make an update.
 */
export function measuredStage(stage: Stage, accumulate: number): Stage {
  const steps = stage.epochs * stage.stepsPerEpoch;
  const every = accumulate * Math.ceil(Math.max(EVERY, steps / MOST) / accumulate);
  const extras = (step: number): Tensors => {
    const number = step + 1;
    const wanted = number % every === 0 || number === accumulate;
    const flag = { dtype: "bool", shape: [], data: Uint8Array.of(wanted ? 1 : 0) } as const;
    return new Map([...(stage.extras?.(step) ?? []), [MEASURE.wanted, flag]]);
  };
  return { ...stage, step: measureStep(stage.step, stage.operators), extras };
}
