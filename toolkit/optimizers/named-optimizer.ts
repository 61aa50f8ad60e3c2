import { ToolkitError } from "../errors.ts";
import { unknownName } from "../unknown-name.ts";
import { adadelta } from "./adadelta.ts";
import type { AdadeltaOptions } from "./adadelta.ts";
import { adagrad } from "./adagrad.ts";
import type { AdagradOptions } from "./adagrad.ts";
import { adam, adamw, amsgrad } from "./adam.ts";
import type { AdamOptions } from "./adam.ts";
import { adamax } from "./adamax.ts";
import { adaptiveClip } from "./adaptive-clip.ts";
import { clipByGlobalNorm } from "./clip-by-global-norm.ts";
import { clipByValue } from "./clip-by-value.ts";
import { lion } from "./lion.ts";
import { nadam } from "./nadam.ts";
import type { NadamOptions } from "./nadam.ts";
import { radam } from "./radam.ts";
import { rmsprop } from "./rmsprop.ts";
import type { RmspropOptions } from "./rmsprop.ts";
import { sgd } from "./sgd.ts";
import type { SgdOptions } from "./sgd.ts";
import { chain } from "./transform.ts";
import type { Transform } from "./transform.ts";

/** What any optimizer can be told, as one flat record of plain values. Each takes some of it: `optimizerOptions` says which. */
export interface NamedOptimizerOptions
  extends Omit<SgdOptions, "nesterov">, AdamOptions, NadamOptions, RmspropOptions, AdagradOptions, AdadeltaOptions {
  /** Scale all gradients so that their common norm is at most this. */
  readonly clipNorm?: number;
  /** Hold every element of the gradients within plus and minus this. */
  readonly clipValue?: number;
  /** Hold the gradient of each unit to this share of the unit's own norm. */
  readonly clipAdaptive?: number;
  /** Names of parameters that `clipAdaptive` leaves alone. */
  readonly clipExclude?: readonly string[];
}

export type NamedOptimizer =
  | "sgd"
  | "nesterov"
  | "adam"
  | "adamw"
  | "amsgrad"
  | "adamax"
  | "nadam"
  | "radam"
  | "rmsprop"
  | "adagrad"
  | "adadelta"
  | "lion";

type Option = keyof NamedOptimizerOptions;

interface Entry {
  readonly make: (options: NamedOptimizerOptions) => Transform;
  readonly takes: readonly Option[];
}

const moments = ["beta1", "beta2", "epsilon"] as const;
const common = ["decay", "decayAll", "decayExclude", "clipNorm", "clipValue", "clipAdaptive", "clipExclude"] as const;

const table: Readonly<Record<NamedOptimizer, Entry>> = {
  sgd: { make: sgd, takes: ["momentum", "dampening", "decoupled"] },
  nesterov: {
    make: (o) => sgd({ ...o, momentum: o.momentum ?? 0.9, nesterov: true }),
    takes: ["momentum", "decoupled"],
  },
  adam: { make: adam, takes: [...moments, "amsgrad"] },
  adamw: { make: adamw, takes: [...moments, "amsgrad"] },
  amsgrad: { make: amsgrad, takes: moments },
  adamax: { make: adamax, takes: moments },
  nadam: { make: nadam, takes: [...moments, "momentumDecay", "decoupled"] },
  radam: { make: radam, takes: [...moments, "decoupled"] },
  rmsprop: { make: rmsprop, takes: ["alpha", "epsilon", "momentum", "centered"] },
  adagrad: { make: adagrad, takes: ["rateDecay", "accumulator", "epsilon"] },
  adadelta: { make: adadelta, takes: ["rho", "epsilon"] },
  lion: { make: lion, takes: ["beta1", "beta2"] },
};

/** Every name that `namedOptimizer` knows. */
export const optimizerNames: readonly NamedOptimizer[] = Object.keys(table) as NamedOptimizer[];

/** The options that an optimizer takes, weight decay and clipping included. */
export function optimizerOptions(name: NamedOptimizer): readonly Option[] {
  return [...table[name].takes, ...common];
}

/**
 * The optimizer that a name stands for; an option that is undefined counts as absent. Gradients are clipped before anything else, by value first.
 * @throws E_SETTING for a name that is none, an option that this optimizer does not take, a value out of range
 */
export function namedOptimizer(name: string, options: NamedOptimizerOptions = {}): Transform {
  const found = optimizerNames.find((known) => known === name);
  if (!found) throw unknownName(name, optimizerNames, `Cannot use optimizer "${name}": expected one of`);
  const given = Object.fromEntries(
    Object.entries(options)
      .filter(([, value]) => value !== undefined)
      // a list of one may be written as its item
      .map(([option, value]) => [option, option.endsWith("Exclude") ? [value].flat() : value]),
  );
  for (const [option, value] of Object.entries(given)) check(found, option, value);
  const { clipNorm, clipValue, clipAdaptive, clipExclude = [], ...own }: NamedOptimizerOptions = given;
  return chain(
    ...(clipValue === undefined ? [] : [clipByValue(clipValue)]),
    ...(clipAdaptive === undefined ? [] : [adaptiveClip(clipAdaptive, { exclude: clipExclude })]),
    ...(clipNorm === undefined ? [] : [clipByGlobalNorm(clipNorm)]),
    table[found].make(own),
  );
}

/** Shares that are kept from step to step. */
const belowOne: ReadonlySet<string> = new Set(["momentum", "beta1", "beta2", "alpha", "rho"]);
const aboveZero: ReadonlySet<string> = new Set(["epsilon", "clipNorm", "clipValue", "clipAdaptive"]);

function check(name: NamedOptimizer, option: string, value: unknown): void {
  const known = optimizerOptions(name);
  if (!known.some((o) => o === option)) {
    throw unknownName(option, known, `Cannot use "${option}" with ${name}: it takes`);
  }
  const expected = complaint(option, value);
  if (expected === undefined) return;
  throw new ToolkitError(
    "E_SETTING",
    `Cannot use ${name} with ${option} ${JSON.stringify(value)}: expected ${expected}`,
  );
}

/** What an option's value should have been; undefined where it is right. */
function complaint(option: string, value: unknown): string | undefined {
  if (option === "decayExclude" || option === "clipExclude") {
    const isList = Array.isArray(value) && value.every((v) => typeof v === "string");
    return isList ? undefined : "a list of parameter names";
  }
  if (["decayAll", "decoupled", "centered", "amsgrad"].includes(option)) {
    return typeof value === "boolean" ? undefined : "true or false";
  }
  const v = typeof value === "number" && Number.isFinite(value) ? value : -1;
  if (belowOne.has(option)) return v >= 0 && v < 1 ? undefined : "a number from 0 to below 1";
  if (aboveZero.has(option)) return v > 0 ? undefined : "a number above 0";
  return v >= 0 ? undefined : "a number of 0 or more";
}
