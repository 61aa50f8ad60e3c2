import { ToolkitError } from "../errors.ts";
import type { AnswersCompared } from "./compare-answers.ts";
import type { ReducedModel } from "./reduce-precision.ts";

/**
 * Points (hundredths) of top-1 accuracy that were lost, negative where some were won; where no photo's class is known, points of agreement with the
 * model before. Undefined without photos.
 */
export function lossPoints({ count, agreeing, labelled }: AnswersCompared): number | undefined {
  if (labelled.count > 0) return (100 * (labelled.before - labelled.after)) / labelled.count;
  return count > 0 ? (100 * (count - agreeing)) / count : undefined;
}

/**
 * Refuses a model that lost more than `maxLoss` points.
 * @throws E_ACCURACY_LOSS
 */
export function checkLoss(reduced: ReducedModel, maxLoss: number): ReducedModel {
  const { answers, precision } = reduced;
  const lost = lossPoints(answers);
  const finite = Number.isFinite(answers.largestDifference);
  if (lost === undefined || (lost <= maxLoss && finite)) return reduced;
  const { count, before, after } = answers.labelled;
  const share = (n: number): string => `${((100 * n) / count).toFixed(1)} %`;
  const found = !finite
    ? "its probabilities are no numbers"
    : count > 0
      ? `it names ${share(after)} of ${count} photos rightly instead of ${share(before)}, ${lost.toFixed(1)} points fewer`
      : `${answers.count - answers.agreeing} of ${answers.count} photos get another label, ${lost.toFixed(1)} points`;
  throw new ToolkitError(
    "E_ACCURACY_LOSS",
    `Cannot keep the ${precision} model: ${found}, expected at most ${maxLoss}`,
    {
      hint: "calibrate on more photos of the kind it will see, allow more (--max-loss POINTS), or write it all the same (--force)",
    },
  );
}
