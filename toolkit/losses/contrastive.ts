import { expectSetting } from "./expect-setting.ts";
import type { Loss } from "./loss.ts";
import { byTarget, countedRows, extra, sumOverClasses, weightedMean } from "./rows.ts";

export interface ContrastiveOptions {
  /** How far apart a dissimilar pair should be; 1 where absent. */
  readonly margin?: number;
  /** Added to the squared distance, so that the root has a slope at 0; 1e-12 where absent. */
  readonly epsilon?: number;
  /** Name of the value that holds the features of the pair's other half, [N,F]; "second" where absent. */
  readonly second?: string;
}

/**
 * Contrastive loss of pairs of features, the first of them the output, y = 1 for a similar pair: (y d^2 + (1 - y) max(0, margin - d)^2) / 2,
 * d = sqrt(|a - b|^2 + epsilon) (Hadsell et al. 2006, Dimensionality Reduction by Learning an Invariant Mapping, equation 4).
 * @throws E_SETTING
 */
export function contrastive({ margin = 1, epsilon = 1e-12, second = "second" }: ContrastiveOptions = {}): Loss {
  const name = "contrastive";
  expectSetting(name, "margin", margin, "a number above 0");
  expectSetting(name, "epsilon", epsilon, "a number above 0");
  return {
    name,
    target: "pair",
    reads: [second],
    emit(x) {
      const { b } = x;
      const difference = countedRows(x, b.op("Sub", [x.logits, extra(x, second)]));
      const square = b.op("Add", [sumOverClasses(b, b.op("Mul", [difference, difference])), b.scalar(epsilon)]);
      const lack = b.op("Relu", [b.op("Sub", [b.scalar(margin), b.op("Sqrt", [square])])]);
      const losses = byTarget(x, square, b.op("Mul", [lack, lack]));
      return weightedMean(x, b.op("Mul", [losses, b.scalar(0.5)]));
    },
  };
}
