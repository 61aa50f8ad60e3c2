import { ToolkitError } from "../errors.ts";

/** How far two computations of the same pictures lie apart. */
export interface Parity {
  readonly provider: string;
  readonly images: number;
  /** Largest difference of a probability. */
  readonly largestDifference: number;
  /** Pictures whose likeliest class differs. */
  readonly flips: number;
}

/** Probabilities may differ by this much before an export is refused. */
const PARITY_TOLERANCE = 1e-3;

/** Compares probabilities [images, classes] of the training graph with those of the exported file. */
export function compareProbabilities(
  provider: string,
  trained: Float32Array,
  exported: Float32Array,
  classes: number,
): Parity {
  if (trained.length !== exported.length) {
    throw new ToolkitError("E_PARITY", `Cannot compare ${trained.length} with ${exported.length} probabilities`);
  }
  let largestDifference = 0;
  for (const [i, p] of trained.entries())
    largestDifference = Math.max(largestDifference, Math.abs(p - (exported[i] ?? Number.NaN)));
  const images = trained.length / classes;
  let flips = 0;
  for (let i = 0; i < images; i++) {
    if (likeliest(trained, i, classes) !== likeliest(exported, i, classes)) flips++;
  }
  return { provider, images, largestDifference, flips };
}

/** @throws E_PARITY where an exported file does not compute what was trained */
export function checkParity(parity: Parity): Parity {
  if (parity.largestDifference <= PARITY_TOLERANCE) return parity;
  throw new ToolkitError(
    "E_PARITY",
    `Cannot keep the export: on ${parity.provider} its probabilities differ from the trained network's by up to ${parity.largestDifference.toPrecision(2)}`,
    {
      hint: `${parity.flips} of ${parity.images} pictures get another label; the checkpoint still holds what was trained`,
    },
  );
}

/** The class of the largest probability in a row of [images, classes]; of equal ones the first. */
export function likeliest(probabilities: Float32Array, row: number, classes: number): number {
  let best = 0;
  for (let k = 1; k < classes; k++) {
    if ((probabilities[row * classes + k] ?? 0) > (probabilities[row * classes + best] ?? 0)) best = k;
  }
  return best;
}
