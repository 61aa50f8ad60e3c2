import { percent } from "./results-section.ts";

/** What trials are compared by: a share, but for R2 and the mean over heads, which may be below 0. */
export type QualityMetric = "accuracy" | "mean average precision" | "R2" | "mean over heads";

/** Of a table's column. */
export function qualityHead(metric: string): string {
  return metric === "mean average precision" ? "mAP" : metric === "mean over heads" ? "quality" : metric;
}

/** A quality, or how far trials differ in it: "93.1 %", and "0.931" where it is no share. */
export function qualityCell(value: number, metric: string): string {
  return metric === "R2" || metric === "mean over heads" ? value.toFixed(3) : percent(value);
}
