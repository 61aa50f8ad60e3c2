import type { TestTimeViews } from "../toolkit/label/test-time-views.ts";
import { unknownName } from "../toolkit/unknown-name.ts";
import type { OptionSpec } from "./command.ts";

const NAMES = ["flip", "five", "ten"] as const;

/** Of commands that label photos. */
export const TTA_OPTION: OptionSpec & { readonly type: "string" } = {
  type: "string",
  value: "views",
  help: "test-time augmentation, the mean of several views of each photo: flip (2, so twice the work), five, ten, or a number up to 16",
};

/**
 * The views that the option's text stands for.
 * @throws E_USAGE
 */
export function testTimeViewsIn(text: string | undefined): TestTimeViews | undefined {
  if (text === undefined) return undefined;
  const name = NAMES.find((known) => known === text);
  if (name) return name;
  // how many there are depends on the model
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw unknownName(text, NAMES, `Cannot use --tta "${text}": expected a number of views, or one of`, "E_USAGE");
}
