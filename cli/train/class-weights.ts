import { ToolkitError } from "../../toolkit/errors.ts";

/**
 * "balanced", or a number for each class with commas between them.
 * @throws E_USAGE
 */
export function readClassWeights(text: string): "balanced" | readonly number[] {
  if (text === "balanced") return text;
  const weights = text.split(",").map((part) => (/^\s*\d*\.?\d+\s*$/.test(part) ? Number(part) : Number.NaN));
  if (weights.every((w) => Number.isFinite(w))) return weights;
  throw new ToolkitError(
    "E_USAGE",
    `Cannot use --class-weights "${text}": expected balanced, or a number for each class, such as 1,2.5,1`,
  );
}
