import { adam, adamw } from "../optimizers/adam.ts";
import { sgd } from "../optimizers/sgd.ts";
import type { Transform } from "../optimizers/transform.ts";
import { cosine } from "../schedules/cosine.ts";
import type { Schedule } from "../schedules/schedule.ts";
import { warmUp } from "../schedules/warm-up.ts";
import type { OptimizerName, Settings } from "./settings.ts";

/** The optimizer that a name stands for. */
export function chooseOptimizer(name: OptimizerName, { momentum, decay }: Settings): Transform {
  switch (name) {
    case "sgd":
      return sgd({ momentum, decay });
    case "adam":
      return adam({ decay });
    case "adamw":
      return adamw({ decay });
    default:
      return name satisfies never;
  }
}

/** Half a cosine down from `rate`, after a linear rise over `warmUpEpochs`. */
export function chooseSchedule(rate: number, warmUpEpochs: number, stepsPerEpoch: number): Schedule {
  const steps = Math.round(warmUpEpochs * stepsPerEpoch);
  return steps > 0 ? warmUp(cosine(rate), { steps, from: 0.01 }) : cosine(rate);
}

/** What the rate is multiplied by per parameter: `stemFactor` at depth 0, rising evenly on a log scale to 1 at the head. */
export function rateFactors(depths: ReadonlyMap<string, number>, stemFactor: number): ReadonlyMap<string, number> {
  return new Map([...depths].map(([name, depth]) => [name, stemFactor ** (1 - depth)]));
}
