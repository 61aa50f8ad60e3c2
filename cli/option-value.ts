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
  switch (spec.type) {
    case "integer":
    case "number": {
      const value = numberIn(text);
      const whole = spec.type === "number" || Number.isSafeInteger(value);
      if (whole && Number.isFinite(value) && (spec.range?.holds(value) ?? true)) return value;
      throw refused(flag, text, spec.range?.expected ?? (spec.type === "integer" ? "a whole number" : "a number"));
    }
    case "numbers": {
      const values = text.split(",").map(numberIn);
      if (values.length === spec.count && values.every((v) => Number.isFinite(v))) return values;
      throw refused(flag, text, `${spec.count} numbers with commas between them, such as 0.5,0.5,0.5`);
    }
    case "choice":
      if (spec.choices.includes(text)) return text;
      throw refused(flag, text, `one of ${spec.choices.join(", ")}`);
    case "named":
      return namedValue(flag, spec.choices, text);
    case "string":
    case "boolean":
      if (text.trim() !== "") return text;
      throw refused(flag, text, "a value");
    default:
      return spec satisfies never;
  }
}

/** Decimal numbers only: "0x10" and "" are none. */
function numberIn(text: string): number {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : Number.NaN;
}

/** "step:every=2,factor=0.5" as { name: "step", every: 2, factor: 0.5 }. */
function namedValue(flag: string, names: readonly string[], text: string): NamedValue {
  const [name = "", ...rest] = text.split(":");
  if (!names.includes(name)) {
    throw unknownName(name, names, `Cannot use ${flag} "${text}": expected one of`, "E_USAGE");
  }
  const options = rest.join(":").split(",");
  if (rest.length === 0) return { name };
  const pairs = options.map((option) => {
    const [, key, value] = /^\s*([A-Za-z]\w*)\s*=\s*(\S+)\s*$/.exec(option) ?? [];
    if (key === undefined || value === undefined || key === "name") {
      throw refused(flag, text, `${name}:KEY=VALUE,KEY=VALUE, such as step:every=2,factor=0.5`);
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

function refused(flag: string, text: string, expected: string): ToolkitError {
  return new ToolkitError("E_USAGE", `Cannot use ${flag} "${text}": expected ${expected}`);
}
