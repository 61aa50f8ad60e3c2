import { decodePhoto, sourceOf } from "../data/decode-photo.ts";
import type { Sample } from "../data/sample.ts";
import type { Decoder } from "../images/decoder.ts";
import { resample, shorterSideSize } from "../images/resample.ts";
import type { Mistake } from "../report/report.ts";
import type { Evaluation } from "../train/evaluate.ts";

/** Where the photos of an evaluation are. */
export interface MistakeSource {
  readonly samples: readonly Sample[];
  readonly decoder: Decoder;
}

const SHOWN = 12;
const SIDE_PX = 160;

/** The photos whose true class got the least weight, worst first, with small pictures. One that cannot be read any more is left out. */
export async function worstMistakes(
  { probabilities, labels, indices, classes }: Evaluation,
  names: readonly string[],
  { samples, decoder }: MistakeSource,
): Promise<readonly Mistake[]> {
  const wrong = Array.from(labels, (label, row) => {
    const weights = probabilities.subarray(row * classes, (row + 1) * classes);
    const predicted = weights.reduce((top, w, k) => (w > (weights[top] ?? 0) ? k : top), 0);
    return { row, label, predicted, own: weights[label] ?? 0, probability: weights[predicted] ?? 0 };
  }).filter(({ label, predicted }) => label !== predicted);
  const worst = wrong.toSorted((a, b) => a.own - b.own).slice(0, SHOWN);
  const shown: Mistake[] = [];
  for (const { row, label, predicted, probability } of worst) {
    const sample = samples[indices[row] ?? -1];
    const pixels =
      sample && (await decodePhoto(decoder, sourceOf(sample), { minSidePx: SIDE_PX }).catch(() => undefined));
    if (!sample || !pixels) continue;
    const picture = resample(pixels, shorterSideSize(pixels, SIDE_PX));
    shown.push({
      picture,
      file: sample.id,
      actual: names[label] ?? "",
      predicted: names[predicted] ?? "",
      probability,
    });
  }
  return shown;
}
