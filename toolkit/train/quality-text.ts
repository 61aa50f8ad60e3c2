import type { Evaluation } from "./evaluate.ts";

/** What an evaluation is judged by, in words: see `qualityOf`. */
export function qualityText({ top1, several, numbers, heads, classes }: Evaluation): string {
  if (heads) return heads.map(({ name, evaluation }) => `${name} ${qualityText(evaluation)}`).join(", ");
  if (numbers && classes === 0) return `R2 ${numbers.r2 === null ? "-" : numbers.r2.toFixed(4)}`;
  if (several) return `mean average precision ${several.meanAveragePrecision.toFixed(4)}`;
  return `top-1 ${(100 * top1).toFixed(1)} %`;
}
