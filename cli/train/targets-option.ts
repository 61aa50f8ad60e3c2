import { ToolkitError } from "../../toolkit/errors.ts";

/**
 * Names of columns with commas between them.
 * @throws E_USAGE
 */
export function readTargets(text: string): readonly string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.every((name) => name !== "")) return names;
  throw new ToolkitError("E_USAGE", `Cannot use --targets "${text}": expected names of columns, such as label,age`);
}
