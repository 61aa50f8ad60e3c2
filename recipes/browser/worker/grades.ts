import type { Dataset, Evaluation } from "../../../toolkit/web.ts";
import type { Mistake, Taught } from "../calls.ts";

/** What a network said of photos it was not trained on, as the page shows it. The most confident mistakes come first. */
export function gradesOf(
  { probabilities, labels, indices, top1, count }: Evaluation,
  classes: readonly string[],
  samples: Dataset["validation"],
): Pick<Taught, "right" | "heldOut" | "confusion" | "mistakes"> {
  const confusion = classes.map(() => classes.map(() => 0));
  const mistakes: Mistake[] = [];
  for (const [row, label] of labels.entries()) {
    const weights = probabilities.subarray(row * classes.length, (row + 1) * classes.length);
    const guess = weights.indexOf(Math.max(...weights));
    const counts = confusion[label];
    if (counts) counts[guess] = (counts[guess] ?? 0) + 1;
    const photo = samples[indices[row] ?? -1]?.path;
    if (guess === label || photo === undefined) continue;
    mistakes.push({ photo, is: classes[label] ?? "", taken: classes[guess] ?? "", weight: weights[guess] ?? 0 });
  }
  return { right: top1, heldOut: count, confusion, mistakes: mistakes.toSorted((a, b) => b.weight - a.weight) };
}
