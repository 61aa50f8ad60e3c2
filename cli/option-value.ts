import { ToolkitError } from "../toolkit/errors.ts";
import { unknownName } from "../toolkit/unknown-name.ts";
import type { NamedValue, OptionSpec } from "./command.ts";

/**
 * The value that an option's text stands for.
 * @throws E_USAGE naming the option, the text and what was expected
 */
export function readValue(
  flag: string,
  spec: OptionSpec,
  text: string,
): string | number | readonly number[] | NamedValue {
  const called = `${flag} "${text}"`;
  switch (spec.type) {
    case "integer":
    case "number": {
      if (spec.type === "number" && spec.words?.includes(text)) return text;
      const value = numberIn(text);
      const whole = spec.type === "number" || Number.isSafeInteger(value);
      if (whole && Number.isFinite(value) && (spec.range?.holds(value) ?? true)) return value;
      throw refused(called, expectationOf(spec));
    }
    case "numbers": {
      const values = text.split(",").map(numberIn);
      if (values.length === spec.count && values.every((v) => Number.isFinite(v))) return values;
      throw refused(called, `${spec.count} numbers with commas between them, such as 0.5,0.5,0.5`);
    }
    case "weights":
      return weightsIn(called, spec, text);
    case "choice":
      if (spec.choices.includes(text)) return text;
      throw refused(called, expectationOf(spec));
    case "named":
      return namedValue(called, spec.choices, text);
    case "string":
    case "values":
    case "boolean":
      if (text.trim() !== "") return text;
      throw refused(called, "a value");
    default:
      return spec satisfies never;
  }
}

/** What an error says that an option takes. */
export function expectationOf(spec: OptionSpec): string {
  switch (spec.type) {
    case "integer":
      return spec.range?.expected ?? "a whole number";
    case "number":
      return [spec.range?.expected ?? "a number", ...(spec.words ?? [])].join(", or ");
    case "numbers":
      return `a list of ${spec.count} numbers`;
    case "weights":
      return [...spec.words, "numbers of 0 or more, such as 1,2.5,1"].join(", or ");
    case "choice":
      return `one of ${spec.choices.join(", ")}`;
    case "named":
      return `one of ${spec.choices.join(", ")}, or an object with "name" and options`;
    case "string":
      return "a text";
    case "values":
      return 'a value, a list of them, or a range such as { "from": 1e-4, "to": 0.1, "scale": "log" }';
    case "boolean":
      return "true or false";
    default:
      return spec satisfies never;
  }
}

/** Decimal numbers only: "0x10" and "" are none. */
export function numberIn(text: string): number {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : Number.NaN;
}

/**
 * "balanced" as it is, "1,2.5,1" as numbers; `called` is what an error calls it.
 * @throws E_USAGE
 */
export function weightsIn(
  called: string,
  spec: OptionSpec & { readonly type: "weights" },
  text: string,
): string | readonly number[] {
  if (spec.words.includes(text)) return text;
  const weights = text.split(",").map(numberIn);
  if (weights.every((w) => w >= 0 && w < Infinity)) return weights;
  throw refused(called, expectationOf(spec));
}

/**
 * "step:every=2,factor=0.5" as { name: "step", every: 2, factor: 0.5 }; `called` is what an error calls it.
 * @throws E_USAGE
 */
export function namedValue(called: string, names: readonly string[], text: string): NamedValue {
  const [name = "", ...rest] = text.split(":");
  if (!names.includes(name)) {
    throw unknownName(name, names, `Cannot use ${called}: expected one of`, "E_USAGE");
  }
  const options = rest.join(":").split(",");
  if (rest.length === 0) return { name };
  const pairs = options.map((option) => {
    const [, key, value] = /^\s*([A-Za-z]\w*)\s*=\s*(\S+)\s*$/.exec(option) ?? [];
    if (key === undefined || value === undefined || key === "name") {
      throw refused(called, `${name}:KEY=VALUE,KEY=VALUE, such as step:every=2,factor=0.5`);
    }
    const parts = value.split("+").map(plainValue);
    return [key, parts.length === 1 ? parts[0] : parts] as const;
  });
  return { name, ...Object.fromEntries(pairs) };
}

function plainValue(text: string): string | number | boolean {
  const value = numberIn(text);
  if (Number.isFinite(value)) return value;
  return text === "true" || text === "false" ? text === "true" : text;
}

function refused(called: string, expected: string): ToolkitError {
  return new ToolkitError("E_USAGE", `Cannot use ${called}: expected ${expected}`);
}
