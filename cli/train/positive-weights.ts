import { ToolkitError } from "../../toolkit/errors.ts";

/**
 * "auto", or a number for each label with commas between them.
 * @throws E_USAGE
 */
export function readPositiveWeights(text: string): "auto" | readonly number[] {
  if (text === "auto") return text;
  const weights = text.split(",").map((part) => (/^\s*\d*\.?\d+\s*$/.test(part) ? Number(part) : Number.NaN));
  if (weights.every((w) => Number.isFinite(w))) return weights;
  throw new ToolkitError(
    "E_USAGE",
    `Cannot use --pos-weight "${text}": expected auto, or a number for each label, such as 1,2.5,8`,
  );
}
