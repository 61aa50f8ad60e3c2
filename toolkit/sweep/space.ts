import { ToolkitError } from "../errors.ts";
import { settle } from "../fine-tune/settings.ts";
import type { FineTuneSettings, SettledFor } from "../fine-tune/settings.ts";
import { unknownName } from "../unknown-name.ts";

/** Numbers between two ends, both included. On the "log" scale each factor of ten is as likely as the next; "linear" where absent. */
export interface Range {
  readonly from: number;
  readonly to: number;
  readonly scale?: "linear" | "log";
}

type Chosen<K extends keyof FineTuneSettings> = Exclude<FineTuneSettings[K], undefined>;

/** What each setting may be: one of some values, or a number of a range. A setting that counts something, such as `hidden`, takes whole numbers of its range. */
export type Space = {
  readonly [K in keyof FineTuneSettings]?: readonly Chosen<K>[] | (number extends Chosen<K> ? Range : never);
};

/** A value of a setting, as JSON has it. */
export type Value = string | number | boolean | { readonly name: string };

/** Settings by name: one of each axis of a space. */
export type Point = Readonly<Record<string, Value>>;

/** A setting that is swept, and what it may be. */
export type Axis = { readonly name: string } & (
  | { readonly kind: "choice"; readonly values: readonly Value[] }
  | {
      readonly kind: "range";
      readonly from: number;
      readonly to: number;
      readonly scale: "linear" | "log";
      readonly isInteger: boolean;
    }
);

/** Settings that `settle` does not name, for they have no default, or it says them in other words. */
const WITHOUT_DEFAULT = [
  "sampler",
  "mixup",
  "cutmix",
  "head",
  "features",
  "threads",
  "maxSteps",
  "trainFrom",
  "unfreeze",
];
/** Side of the pictures in pixels, where nothing says it: only for trying values out. */
const SOME_PX = 224;

/**
 * The axes of a space, checked against the settings that all trials share.
 * @throws E_SETTING naming the setting, its value and what was expected
 */
export function axesOf(space: Space, shared: FineTuneSettings = {}, about: SettledFor = {}): readonly Axis[] {
  const given = Object.entries(space as Readonly<Record<string, unknown>>);
  if (given.length === 0) {
    // a name that is wrong explains more
    settle(shared, SOME_PX, about);
    throw refused("nothing", "a setting with two values or more", "such as rate from 1e-4 to 1e-1");
  }
  const firsts = Object.fromEntries(given.map(([name, values]) => [name, firstOf(values)]));
  const check = (name: string, value: unknown): void => {
    settle({ ...shared, ...firsts, [name]: value }, SOME_PX, about);
  };
  checkNames(Object.keys(space));
  return given.map(([name, values]) =>
    Array.isArray(values) ? choices(name, values, check) : range(name, values, check),
  );
}

function checkNames(names: readonly string[]): void {
  const known = [...new Set([...Object.keys(settle({}, SOME_PX)), ...WITHOUT_DEFAULT])].toSorted();
  for (const name of names) {
    if (name === "seed") throw refused("seed", "the number of seeds", "with seeds: 3 every trial is run with three");
    if (!known.includes(name)) throw unknownName(name, known, `Cannot sweep "${name}": expected one of`);
  }
}

function choices(name: string, values: readonly unknown[], check: (name: string, value: unknown) => void): Axis {
  if (values.length === 0) throw refused(name, "one value or more");
  for (const value of values) check(name, value);
  return { name, kind: "choice", values: values as readonly Value[] };
}

function range(name: string, values: unknown, check: (name: string, value: unknown) => void): Axis {
  const { from, to, scale = "linear", ...others } = isRecord(values) ? values : { from: undefined, to: undefined };
  const [stray] = Object.keys(others);
  if (typeof from === "number" && typeof to === "number" && from > to)
    throw refused(name, "a range that begins at its lower end", `${from} to ${to}`);
  if (stray !== undefined || typeof from !== "number" || typeof to !== "number" || !(from < to)) {
    throw refused(
      name,
      'a list of values, or {"from": LOW, "to": HIGH} and perhaps "scale": "log"',
      JSON.stringify(values),
    );
  }
  if (scale !== "linear" && scale !== "log") throw refused(name, 'the scale "linear" or "log"', JSON.stringify(scale));
  if (scale === "log" && from <= 0) throw refused(name, "a number above 0 where a log scale begins", String(from));
  check(name, from);
  check(name, to);
  return { name, kind: "range", from, to, scale, isInteger: takesWholeNumbers(name, from, to, check) };
}

/** Whether a setting counts something: then it refuses a fraction between two numbers that it takes. */
function takesWholeNumbers(
  name: string,
  from: number,
  to: number,
  check: (name: string, value: unknown) => void,
): boolean {
  if (!Number.isInteger(from) || !Number.isInteger(to)) return false;
  try {
    check(name, from + 0.5);
    return false;
  } catch {
    return true;
  }
}

function firstOf(values: unknown): unknown {
  if (Array.isArray(values)) return values[0] as unknown;
  return isRecord(values) ? values["from"] : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refused(name: string, expected: string, found?: string): ToolkitError {
  const what = found === undefined ? "" : `, found ${found}`;
  return new ToolkitError("E_SETTING", `Cannot sweep ${name}: expected ${expected}${what}`);
}
