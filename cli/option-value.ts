import { ToolkitError } from "../toolkit/errors.ts";
import type { OptionSpec } from "./command.ts";

/**
 * The value that an option's text stands for.
 * @throws E_USAGE naming the option, the text and what was expected
 */
export function readValue(flag: string, spec: OptionSpec, text: string): string | number | readonly number[] {
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

function refused(flag: string, text: string, expected: string): ToolkitError {
  return new ToolkitError("E_USAGE", `Cannot use ${flag} "${text}": expected ${expected}`);
}
