import { ToolkitError } from "../errors.ts";
import { unknownName } from "../unknown-name.ts";
import type { AugmentSettings } from "./augment.ts";
import { stepNames } from "./augment-apply.ts";
import { checkAugmentation } from "./augment-check.ts";
import type { AugmentStep } from "./augment-step.ts";

type Options = Readonly<Record<string, unknown>>;

/** Parts of the text that are no steps: how the picture is cropped, and mirrored. */
const crops: Readonly<Record<string, (options: Options) => Options>> = {
  "resized-crop": (options) => ({ ...options, crop: "resized" }),
  "padded-crop": (options) => ({ ...options, crop: "padded" }),
  "no-crop": (options) => ({ ...options, crop: "none" }),
};
const FLIP = "flip-horizontal";
/** The evaluation view and nothing else. */
const NONE = "none";

const EXAMPLE = "rotate:degrees=15,probability=0.5+trivial-augment";

/**
 * The augmentation that a text stands for: NAME or NAME:KEY=VALUE,KEY=VALUE, several joined by "+". Names are those of the steps, and
 * "resized-crop", "padded-crop" or "no-crop", which say how photos are cropped; "flip-horizontal" says how often they are mirrored;
 * "none" alone leaves them as they are. A list of numbers is joined by "+", too, as in fill=255+0+0.
 * @throws E_SETTING
 */
export function parseAugmentation(text: string): AugmentSettings {
  if (text.trim() === NONE) return { crop: "none", flipProbability: 0 };
  const steps: AugmentStep[] = [];
  const settings: Record<string, unknown> = {};
  for (const part of partsOf(text)) {
    const { name, ...options } = part;
    const crop = Object.hasOwn(crops, name) ? crops[name] : undefined;
    if (crop) Object.assign(settings, crop(options));
    else if (name === FLIP) settings["flipProbability"] = probabilityOf(options);
    else if (stepNames.some((known) => known === name)) steps.push(part as unknown as AugmentStep);
    else {
      const names = [...stepNames, ...Object.keys(crops)];
      throw unknownName(name, names, `Cannot augment with "${name}": expected one of`);
    }
  }
  const found: AugmentSettings = { ...settings, ...(steps.length > 0 ? { steps } : {}) };
  checkAugmentation(found);
  return found;
}

/** The parts between the plus signs; one that begins with a digit goes on with the list before it. */
function partsOf(text: string): readonly (Options & { readonly name: string })[] {
  const parts: string[] = [];
  for (const piece of text.split("+")) {
    if (/^\s*[\d.]/.test(piece) && parts.length > 0) parts.push(`${parts.pop() ?? ""}+${piece}`);
    else parts.push(piece.trim());
  }
  return parts.map(partOf);
}

function partOf(text: string): Options & { readonly name: string } {
  const colon = text.indexOf(":");
  const name = colon < 0 ? text : text.slice(0, colon).trim();
  if (name === "") throw refused(text);
  if (colon < 0) return { name };
  const pairs = text
    .slice(colon + 1)
    .split(",")
    .map((option) => {
      const [, key, value] = /^\s*([A-Za-z]\w*)\s*=\s*(\S+)\s*$/.exec(option) ?? [];
      if (key === undefined || value === undefined || key === "name") throw refused(text);
      const values = value.split("+").map(plainValue);
      return [key, values.length === 1 ? values[0] : values] as const;
    });
  return { ...Object.fromEntries(pairs), name };
}

function plainValue(text: string): string | number | boolean {
  if (/^-?(\d+\.?\d*|\.\d+)(e-?\d+)?$/i.test(text)) return Number(text);
  return text === "true" || text === "false" ? text === "true" : text;
}

function probabilityOf({ probability = 0.5, ...others }: Options): unknown {
  const [other] = Object.keys(others);
  if (other === undefined) return probability;
  throw unknownName(other, ["probability"], `Cannot give ${FLIP} the setting "${other}": expected one of`);
}

function refused(text: string): ToolkitError {
  return new ToolkitError(
    "E_SETTING",
    `Cannot augment with "${text}": expected NAME or NAME:KEY=VALUE,KEY=VALUE, joined by "+"`,
    { hint: `for example: ${EXAMPLE}` },
  );
}
