import { z } from "zod";
import type { Command, OptionSpec, PositionalSpec, Range } from "../command.ts";
import { expectationOf } from "../option-value.ts";
import { CONFIG_OPTIONS } from "./config-options.ts";

/** One entry of a config file. */
export interface ConfigField {
  readonly schema: z.ZodType;
  /** What an error says of a value that does not fit. */
  readonly expected: string;
  /** Of an option; a positional has none. */
  readonly spec?: OptionSpec;
}

/** What a command's config file may hold: its positionals and its options, by their names. */
export function configFields({ positionals, options }: Command): ReadonlyMap<string, ConfigField> {
  const words = Object.entries(positionals).map(([key, spec]) => [key, positionalField(spec)] as const);
  const own = new Set(Object.keys(CONFIG_OPTIONS));
  const others = Object.entries(options).filter(([key]) => !own.has(key));
  return new Map([...words, ...others.map(([key, spec]) => [key, optionField(spec)] as const)]);
}

const text = (): z.ZodString => z.string().regex(/\S/);

function positionalField({ many = false, help }: PositionalSpec): ConfigField {
  const schema: z.ZodType = many ? z.array(text()).min(1) : text();
  return { schema: schema.meta({ description: help }), expected: many ? "a list of texts" : "a text" };
}

function optionField(spec: OptionSpec): ConfigField {
  const isOn = spec.type === "boolean" && spec.default === true;
  // the help of a switch that is on says what turning it off does
  const about = { description: isOn ? `false: ${spec.help}` : spec.help };
  const meta = "default" in spec ? { ...about, default: spec.default } : about;
  return { schema: schemaOf(spec).meta(meta), expected: expectationOf(spec), spec };
}

function schemaOf(spec: OptionSpec): z.ZodType {
  switch (spec.type) {
    case "string":
      return text();
    case "values":
      return values();
    case "integer":
      return bounded(z.int(), spec.range);
    case "number":
      return spec.words
        ? z.union([bounded(z.number(), spec.range), z.enum(spec.words)])
        : bounded(z.number(), spec.range);
    case "numbers":
      return z.array(z.number()).length(spec.count);
    case "weights":
      return z.union([z.array(z.number().gte(0)).min(1), z.enum(spec.words), z.string().regex(/^[\d.]+(,[\d.]+)*$/)]);
    case "choice":
      return z.enum(spec.choices);
    case "named":
      return named(spec.choices);
    case "boolean":
      return z.boolean();
    default:
      return spec satisfies never;
  }
}

function bounded(schema: z.ZodNumber, range: Range | undefined): z.ZodType {
  if (!range) return schema;
  const { bounds } = range;
  // a range without them cannot be told in JSON Schema
  if (!bounds) return schema.refine(range.holds);
  let within = schema;
  if (bounds.minimum !== undefined) within = within.gte(bounds.minimum);
  if (bounds.above !== undefined) within = within.gt(bounds.above);
  if (bounds.maximum !== undefined) within = within.lte(bounds.maximum);
  if (bounds.below !== undefined) within = within.lt(bounds.below);
  return within;
}

/** As on the command line, or as a sweep's space has it. */
function values(): z.ZodType {
  const option = z.union([z.string(), z.number(), z.boolean(), z.array(z.number())]);
  const value = z.union([text(), z.number(), z.boolean(), z.object({ name: text() }).catchall(option)]);
  const range = z.strictObject({ from: z.number(), to: z.number(), scale: z.enum(["linear", "log"]).optional() });
  return z.union([value, z.array(value).min(1), range]);
}

/** NAME or NAME:KEY=VALUE,KEY=VALUE, as on the command line, or an object with name, key and value. */
function named(choices: readonly string[]): z.ZodType {
  const value = z.union([z.string(), z.number(), z.boolean(), z.array(z.number())]);
  return z.union([
    z.string().regex(new RegExp(`^(${choices.join("|")})(:.+)?$`)),
    z.object({ name: z.enum(choices) }).catchall(value),
  ]);
}
