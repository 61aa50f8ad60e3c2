import type { FineTuneOptions } from "../../toolkit/node.ts";
import { given } from "../given.ts";
import { readDuration } from "./duration.ts";
import type { TrainingOptions } from "./run-training.ts";

/** What an option and its setting are both called. */
type Same =
  | "rate"
  | "headRate"
  | "keep"
  | "soupSize"
  | "patience"
  | "stopMetric"
  | "leastImprovement"
  | "onNonFinite"
  | "precision"
  | "classWeights"
  | "posWeight"
  | "sampler";

/**
 * The settings that `CRAFT_OPTIONS` stand for.
 * @throws E_USAGE
 */
export function craftOf(
  options: Pick<TrainingOptions, Same | "timeLimit">,
): Pick<FineTuneOptions, Same | "timeLimitSeconds"> {
  const { rate, headRate, soupSize, patience, stopMetric, leastImprovement, timeLimit, classWeights } = options;
  const { keep, onNonFinite, precision, sampler, posWeight } = options;
  return {
    keep,
    onNonFinite,
    precision,
    sampler,
    ...given({ rate, headRate, soupSize, patience, stopMetric, leastImprovement, classWeights, posWeight }),
    ...(timeLimit === undefined ? {} : { timeLimitSeconds: readDuration("--time-limit", timeLimit) }),
  };
}
