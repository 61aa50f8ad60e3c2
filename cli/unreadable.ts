import { ToolkitError } from "../toolkit/errors.ts";
import { SHARE } from "./command.ts";
import type { OptionSpec } from "./command.ts";
import { counted, percent } from "./format.ts";
import type { Output } from "./output.ts";

/** A file that could not be used, and why. */
export interface Unreadable {
  readonly file: string;
  readonly code: string;
  readonly message: string;
}

export const MAX_BAD_OPTION: OptionSpec & { readonly type: "number"; readonly default: number } = {
  type: "number",
  default: 0.1,
  range: SHARE,
  value: "share",
  help: "largest share of unreadable photos before the exit code is 3",
};

/** Lines of the list that are printed. */
const SHOWN = 5;

/** Files of a scan by what they are: photos that cannot be read, and what never was a photo. */
export function sortBad(bad: readonly { readonly path: string; readonly code: string; readonly message: string }[]): {
  readonly unreadable: readonly Unreadable[];
  readonly others: readonly Unreadable[];
} {
  const files = bad.map(({ path, code, message }) => ({ file: path, code, message }));
  const isOther = ({ code }: Unreadable): boolean => code === "E_IMAGE_FORMAT" || code === "E_DATA_EMPTY";
  return { unreadable: files.filter((f) => !isOther(f)), others: files.filter(isOther) };
}

/** Says what was left out, without its being a fault. */
export function sayLeftOut(out: Output, others: readonly Unreadable[]): void {
  if (others.length > 0) list(out, `left out ${counted(others.length, "file or folder")} without photos:`, others);
}

/** Says which photos could not be read, and turns their share into an exit code. */
export function judgeUnreadable(
  out: Output,
  {
    unreadable,
    total,
    maxBad,
  }: { readonly unreadable: readonly Unreadable[]; readonly total: number; readonly maxBad: number },
): 0 | 3 {
  if (unreadable.length === 0) return 0;
  const found = `${unreadable.length} of ${counted(total, "photo")} could not be read`;
  list(out, `${found}:`, unreadable);
  if (unreadable.length <= maxBad * total) return 0;
  out.error(
    new ToolkitError("E_TOO_MANY_BAD", `Cannot call it done: ${found}, expected at most ${percent(maxBad)}`, {
      hint: "look at these files, or allow more with --max-bad SHARE",
    }),
  );
  return 3;
}

function list(out: Output, title: string, files: readonly Unreadable[]): void {
  const lines = files.slice(0, SHOWN).map(({ code, message }) => `  [${code}] ${message}`);
  const more = files.length - lines.length;
  out.warn([title, ...lines, ...(more > 0 ? [`  and ${more} more`] : [])].join("\n"));
}
