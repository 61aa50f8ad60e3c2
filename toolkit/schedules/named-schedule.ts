import { ToolkitError } from "../errors.ts";
import { unknownName } from "../unknown-name.ts";
import { constant } from "./constant.ts";
import type { ConstantOptions } from "./constant.ts";
import { cosine } from "./cosine.ts";
import { cosineRestarts } from "./cosine-restarts.ts";
import type { CosineRestartsOptions } from "./cosine-restarts.ts";
import { cyclic } from "./cyclic.ts";
import type { CyclicOptions } from "./cyclic.ts";
import { exponential } from "./exponential.ts";
import { linear } from "./linear.ts";
import type { LinearOptions } from "./linear.ts";
import { multiStep } from "./multi-step.ts";
import type { MultiStepOptions } from "./multi-step.ts";
import { oneCycle } from "./one-cycle.ts";
import type { OneCycleOptions } from "./one-cycle.ts";
import { plateau } from "./plateau.ts";
import type { PlateauOptions } from "./plateau.ts";
import { polynomial } from "./polynomial.ts";
import type { PolynomialOptions } from "./polynomial.ts";
import type { Schedule } from "./schedule.ts";
import { stepDecay } from "./step-decay.ts";
import type { StepDecayOptions } from "./step-decay.ts";
import { warmUp } from "./warm-up.ts";

/** What any schedule can be told, as one flat record of plain values. Each takes some of it: `scheduleOptions` says which. */
export interface NamedScheduleOptions
  extends
    ConstantOptions,
    StepDecayOptions,
    MultiStepOptions,
    LinearOptions,
    PolynomialOptions,
    CosineRestartsOptions,
    PlateauOptions,
    Omit<OneCycleOptions, "shape">,
    Omit<CyclicOptions, "shape"> {
  /** The rate: the largest that the schedule reaches, or what its factors are multiplied with. */
  readonly rate: number;
  readonly shape?: "cosine" | "linear" | "triangular" | "triangular2";
  /** Steps of a linear rise before the schedule begins. */
  readonly warmUpSteps?: number;
  /** Share of the schedule's first rate that the rise starts from. */
  readonly warmUpFrom?: number;
}

export type NamedSchedule =
  | "constant"
  | "step"
  | "multi-step"
  | "exponential"
  | "linear"
  | "polynomial"
  | "cosine"
  | "cosine-restarts"
  | "one-cycle"
  | "cyclic"
  | "plateau";

type Option = keyof NamedScheduleOptions;
type Own = Omit<NamedScheduleOptions, "rate" | "shape">;

interface Entry {
  readonly make: (rate: number, options: Own, shape: string | undefined) => Schedule;
  readonly takes: readonly Option[];
}

const table: Readonly<Record<NamedSchedule, Entry>> = {
  constant: { make: constant, takes: ["factor", "over"] },
  step: { make: stepDecay, takes: ["every", "factor"] },
  "multi-step": { make: multiStep, takes: ["milestones", "factor"] },
  exponential: { make: exponential, takes: ["factor"] },
  linear: { make: linear, takes: ["from", "to", "over"] },
  polynomial: { make: polynomial, takes: ["power", "over"] },
  cosine: { make: cosine, takes: ["floor", "over"] },
  "cosine-restarts": { make: cosineRestarts, takes: ["first", "growth", "floor"] },
  "one-cycle": {
    make: (rate, o, shape) => oneCycle(rate, { ...o, shape: shape === "linear" ? "linear" : "cosine" }),
    takes: ["riseShare", "startDivisor", "endDivisor", "shape", "threePhase", "over"],
  },
  cyclic: {
    make: (rate, o, shape) => cyclic(rate, { ...o, shape: shape === "triangular2" ? "triangular2" : "triangular" }),
    takes: ["floor", "up", "down", "shape"],
  },
  plateau: {
    make: plateau,
    takes: ["mode", "factor", "patience", "threshold", "thresholdMode", "cooldown", "floor", "epsilon"],
  },
};

/** Every name that `namedSchedule` knows. */
export const scheduleNames: readonly NamedSchedule[] = Object.keys(table) as NamedSchedule[];

/** The options that a schedule takes beside `rate`, its warm-up included. */
export function scheduleOptions(name: NamedSchedule): readonly Option[] {
  return [...table[name].takes, "warmUpSteps", "warmUpFrom"];
}

/**
 * The schedule that a name stands for; an option that is undefined counts as absent.
 * @throws E_SETTING for a name that is none, an option that this schedule does not take, a value out of range
 */
export function namedSchedule(name: string, options: NamedScheduleOptions): Schedule {
  const found = scheduleNames.find((known) => known === name);
  if (!found) throw unknownName(name, scheduleNames, `Cannot use schedule "${name}": expected one of`);
  const given = Object.entries(options)
    .filter(([, value]) => value !== undefined)
    // a list of one may be written as its item
    .map(([option, value]) => [option, option === "milestones" ? [value].flat() : value] as const);
  for (const [option, value] of given) check(found, option, value);
  const {
    rate,
    shape,
    warmUpSteps = 0,
    warmUpFrom,
    ...own
  } = Object.fromEntries(given) as unknown as NamedScheduleOptions;
  const schedule = table[found].make(rate, own, shape);
  if (warmUpSteps === 0) return schedule;
  return warmUp(schedule, { steps: warmUpSteps, ...(warmUpFrom === undefined ? {} : { from: warmUpFrom }) });
}

const choices: Readonly<Record<string, readonly string[]>> = { mode: ["max", "min"], thresholdMode: ["rel", "abs"] };
const shapes: Readonly<Record<string, readonly string[]>> = {
  "one-cycle": ["cosine", "linear"],
  cyclic: ["triangular", "triangular2"],
};
/** Numbers of steps that a schedule divides by. */
const lengths: ReadonlySet<string> = new Set(["every", "over", "first", "up", "down"]);
const divisors: ReadonlySet<string> = new Set(["startDivisor", "endDivisor"]);

function check(name: NamedSchedule, option: string, value: unknown): void {
  const known = ["rate", ...scheduleOptions(name)];
  if (!known.includes(option)) {
    throw unknownName(option, known, `Cannot use "${option}" with ${name}: it takes`);
  }
  const expected = complaint(name, option, value);
  if (expected === undefined) return;
  throw new ToolkitError(
    "E_SETTING",
    `Cannot use ${name} with ${option} ${JSON.stringify(value)}: expected ${expected}`,
  );
}

/** What an option's value should have been; undefined where it is right. */
function complaint(name: NamedSchedule, option: string, value: unknown): string | undefined {
  const allowed = option === "shape" ? shapes[name] : choices[option];
  if (allowed) return allowed.some((choice) => choice === value) ? undefined : `one of ${allowed.join(", ")}`;
  if (option === "threePhase") return typeof value === "boolean" ? undefined : "true or false";
  if (option === "milestones") {
    const isList = Array.isArray(value) && value.every((v) => typeof v === "number" && v >= 0);
    return isList ? undefined : "a list of steps";
  }
  const v = typeof value === "number" && Number.isFinite(value) ? value : -1;
  // PyTorch's ConstantLR takes 0 steps too
  if (lengths.has(option) && !(name === "constant" && v === 0)) {
    return v > 0 ? undefined : "a number of steps above 0";
  }
  if (divisors.has(option)) return v > 0 ? undefined : "a number above 0";
  if (option === "growth") return v >= 1 ? undefined : "a number of 1 or more";
  if (option === "riseShare") return v >= 0 && v <= 1 ? undefined : "a number from 0 to 1";
  return v >= 0 ? undefined : "a number of 0 or more";
}
