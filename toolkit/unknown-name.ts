import { ToolkitError } from "./errors.ts";
import type { ErrorCode } from "./errors.ts";
import { nearestNames } from "./nearest-names.ts";

/** The error for a name that is none of `names`: `message` with all of them behind it, and the nearest as a hint. */
export function unknownName(
  name: string,
  names: readonly string[],
  message: string,
  code: ErrorCode = "E_SETTING",
): ToolkitError {
  const [nearest] = nearestNames(name, names);
  const hint = nearest === undefined ? {} : { hint: `did you mean "${nearest}"?` };
  return new ToolkitError(code, `${message} ${names.join(", ")}`, hint);
}
