import type { FineTuneOptions } from "../../toolkit/node.ts";
import { given } from "../given.ts";
import { readClassWeights } from "./class-weights.ts";
import { readDuration } from "./duration.ts";
import { readPositiveWeights } from "./positive-weights.ts";
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
  | "sampler";

/**
 * The settings that `CRAFT_OPTIONS` stand for.
 * @throws E_USAGE
 */
export function craftOf(
  options: Pick<TrainingOptions, Same | "timeLimit" | "posWeight">,
): Pick<FineTuneOptions, Same | "timeLimitSeconds" | "posWeight"> {
  const { rate, headRate, soupSize, patience, stopMetric, leastImprovement, timeLimit, classWeights } = options;
  const { keep, onNonFinite, precision, sampler, posWeight } = options;
  return {
    keep,
    onNonFinite,
    precision,
    sampler,
    ...given({ rate, headRate, soupSize, patience, stopMetric, leastImprovement }),
    ...(timeLimit === undefined ? {} : { timeLimitSeconds: readDuration("--time-limit", timeLimit) }),
    ...(posWeight === undefined ? {} : { posWeight: readPositiveWeights(posWeight) }),
    ...(classWeights === undefined ? {} : { classWeights: readClassWeights(classWeights) }),
  };
}
