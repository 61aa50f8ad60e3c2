import { ToolkitError } from "../errors.ts";
import { unknownName } from "../unknown-name.ts";
import type { AugmentSettings } from "./augment.ts";
import { stepDefaults, stepNames } from "./augment-apply.ts";
import type { StepOptions } from "./augment-step.ts";

/** Which values a setting takes, and how an error says so. */
interface Expectation {
  readonly holds: (value: unknown) => boolean;
  readonly expected: string;
}

const share = number(0, 1);
const area: Expectation = {
  holds: (value) => share.holds(value) && value !== 0,
  expected: "a number above 0, up to 1",
};
const level = number(0, 255);
const colour: Expectation = {
  holds: (value) =>
    level.holds(value) || (Array.isArray(value) && value.length === 3 && value.every((part) => level.holds(part))),
  expected: "a level from 0 to 255, or three of them",
};
const yesOrNo: Expectation = { holds: (value) => typeof value === "boolean", expected: "true or false" };
/** So large a blur or so many operations are a mistake, and would take minutes. */
const MANY = 100;

const settings: Readonly<Record<keyof AugmentSettings, Expectation>> = {
  minArea: area,
  maxArea: area,
  minRatio: above(0),
  maxRatio: above(0),
  flipProbability: share,
  crop: choice("resized", "padded", "none"),
  padding: whole(0),
  steps: { holds: Array.isArray, expected: "a list of steps" },
};

const options: Readonly<Record<keyof StepOptions | "probability", Expectation>> = {
  probability: share,
  degrees: number(0, 180),
  translate: share,
  minScale: above(0),
  maxScale: above(0),
  shear: number(0, 80),
  distortion: share,
  brightness: number(0),
  contrast: number(0),
  saturation: number(0),
  hue: number(0, 0.5),
  amount: number(0),
  minSigma: number(0, MANY),
  maxSigma: number(0, MANY),
  sigma: number(0),
  bits: whole(1, 8),
  threshold: number(0, 256),
  side: share,
  minArea: area,
  maxArea: area,
  minRatio: above(0),
  maxRatio: above(0),
  noise: yesOrNo,
  fill: colour,
  interpolation: choice("nearest", "bilinear"),
  operations: whole(1, MANY),
  magnitude: whole(0),
  bins: whole(2),
  severity: whole(1, 10),
  width: whole(1, MANY),
  depth: whole(0, MANY),
  alpha: above(0),
  allOperations: yesOrNo,
};

/** Settings of which the first may not exceed the second. */
const ranges = [
  ["minArea", "maxArea"],
  ["minRatio", "maxRatio"],
  ["minScale", "maxScale"],
  ["minSigma", "maxSigma"],
] as const;

/** What holds where a setting of the crop is absent. */
const cropDefaults = { minArea: 0.08, maxArea: 1, minRatio: 3 / 4, maxRatio: 4 / 3 } as const;

/**
 * Checks augmentation settings, also such as came out of a file.
 * @throws E_SETTING that names the setting, its value and what was expected
 */
export function checkAugmentation(given: AugmentSettings): void {
  for (const [key, value] of Object.entries(given)) {
    checkValue(settings, key, value, `Cannot augment with ${key}`, "Cannot augment with the setting");
  }
  checkRanges({ ...cropDefaults, ...given }, "Cannot augment with");
  for (const [k, step] of (given.steps ?? []).entries()) checkStep(step, k);
}

function checkStep(step: unknown, k: number): void {
  if (typeof step !== "object" || step === null || !("name" in step)) {
    throw new ToolkitError(
      "E_SETTING",
      `Cannot augment with step ${k + 1}, ${JSON.stringify(step)}: expected an object with a name`,
    );
  }
  const { name, ...own } = step;
  const known = stepNames.find((candidate) => candidate === name);
  if (!known) {
    throw unknownName(String(name), stepNames, `Cannot augment with step ${k + 1}, "${String(name)}": expected one of`);
  }
  const defaults = stepDefaults(known);
  const takes = Object.fromEntries(Object.keys(defaults).map((key) => [key, options[key as keyof typeof options]]));
  for (const [key, value] of Object.entries(own)) {
    checkValue(takes, key, value, `Cannot augment with ${known}: ${key}`, `Cannot give ${known} the setting`);
  }
  const all: StepOptions = { ...defaults, ...own };
  checkRanges(all, `Cannot augment with ${known}:`);
  if (all.magnitude !== undefined && all.bins !== undefined && all.magnitude >= all.bins) {
    throw new ToolkitError(
      "E_SETTING",
      `Cannot augment with ${known}: magnitude ${all.magnitude}: expected a number below the ${all.bins} bins`,
    );
  }
}

function checkValue(
  known: Readonly<Record<string, Expectation>>,
  key: string,
  value: unknown,
  what: string,
  foreign: string,
): void {
  const expectation = Object.hasOwn(known, key) ? known[key] : undefined;
  if (!expectation) throw unknownName(key, Object.keys(known), `${foreign} "${key}": expected one of`);
  if (expectation.holds(value)) return;
  throw new ToolkitError("E_SETTING", `${what} ${JSON.stringify(value)}: expected ${expectation.expected}`);
}

function checkRanges(values: Pick<StepOptions, (typeof ranges)[number][number]>, what: string): void {
  for (const [low, high] of ranges) {
    const [least, most] = [values[low], values[high]];
    if (least === undefined || most === undefined || least <= most) continue;
    throw new ToolkitError("E_SETTING", `${what} ${low} ${least}: expected ${high}, which is ${most}, or less`);
  }
}

function number(least: number, most = Infinity): Expectation {
  return {
    holds: (v) => typeof v === "number" && Number.isFinite(v) && v >= least && v <= most,
    expected: most === Infinity ? `a number of ${least} or more` : `a number from ${least} to ${most}`,
  };
}

function above(least: number): Expectation {
  return {
    holds: (v) => typeof v === "number" && Number.isFinite(v) && v > least,
    expected: `a number above ${least}`,
  };
}

function whole(least: number, most = Infinity): Expectation {
  return {
    holds: (v) => Number.isSafeInteger(v) && number(least, most).holds(v),
    expected: most === Infinity ? `a whole number of ${least} or more` : `a whole number from ${least} to ${most}`,
  };
}

function choice(...names: readonly string[]): Expectation {
  return { holds: (v) => names.some((name) => name === v), expected: `one of ${names.join(", ")}` };
}
