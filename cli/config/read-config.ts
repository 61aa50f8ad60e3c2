import { readFile } from "node:fs/promises";
import { errorCode, errorMessage, ToolkitError } from "../../toolkit/errors.ts";
import { nearestNames } from "../../toolkit/nearest-names.ts";
import type { Command } from "../command.ts";
import { namedValue, weightsIn } from "../option-value.ts";
import { configFields } from "./config-fields.ts";
import type { ConfigField } from "./config-fields.ts";
import { isRunConfig, optionsOfRun } from "./run-config.ts";

/**
 * What a config file says of a command's positionals and options, as the command line would have it. What only another of `commands`,
 * which take a file too, knows is passed over, so that one file serves several.
 * @throws E_USAGE naming the file, and what in it was not expected
 */
export async function readConfig(
  file: string,
  command: Command,
  commands: readonly Command[],
): Promise<ReadonlyMap<string, unknown>> {
  const json = parsed(file, await textOf(file));
  const { $schema: _schema, ...values } = isRunConfig(json) ? optionsOfRun(json) : json;
  const fields = configFields(command);
  const elsewhere = new Set(commands.flatMap((c) => [...configFields(c).keys()]));
  return new Map(
    Object.entries(values).flatMap(([key, value]) => {
      const field = fields.get(key);
      if (field) return [[key, valueOf(file, key, value, field)] as const];
      if (elsewhere.has(key)) return [];
      throw unknownKey(file, key, command, [...fields.keys()]);
    }),
  );
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const why = errorCode(error) ?? errorMessage(error);
    throw new ToolkitError("E_USAGE", `Cannot read the config file "${file}": ${why}`, {
      hint: "--config names a JSON file, such as one that --print-config has written",
      cause: error,
    });
  }
}

function parsed(file: string, text: string): Readonly<Record<string, unknown>> {
  let json: unknown;
  try {
    // some editors begin a file with a byte order mark
    json = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    throw new ToolkitError("E_USAGE", `Cannot read the config file "${file}": it is no JSON, ${errorMessage(error)}`, {
      hint: "names and texts stand in double quotes; comments, and a comma behind the last entry, are not JSON",
      cause: error,
    });
  }
  if (typeof json === "object" && json !== null && !Array.isArray(json)) return json as Record<string, unknown>;
  throw new ToolkitError("E_USAGE", `Cannot read the config file "${file}": expected an object with settings`, {
    hint: 'for example { "epochs": 10 }',
  });
}

function unknownKey(file: string, key: string, { name }: Command, known: readonly string[]): ToolkitError {
  // as on the command line: warm-up, warm_up, --warm-up
  const plain = (text: string): string => text.replace(/^-+/, "").replaceAll(/[-_]/g, "").toLowerCase();
  const [nearest] = nearestNames(key, known, plain);
  const help = `see "onnx-graft ${name} --help"`;
  return new ToolkitError("E_USAGE", `Cannot use "${key}" in "${file}": ${name} has no such option`, {
    hint: nearest === undefined ? help : `did you mean "${nearest}"? ${help}`,
  });
}

function valueOf(file: string, key: string, value: unknown, { schema, expected, spec }: ConfigField): unknown {
  const called = `"${key}": ${JSON.stringify(value)} in "${file}"`;
  // a text is read as the command line reads it, whose message names what is wrong in it
  if (spec?.type === "named" && typeof value === "string") return namedValue(called, spec.choices, value);
  if (spec?.type === "weights" && typeof value === "string") return weightsIn(called, spec, value);
  if (schema.safeParse(value).success) return value;
  throw new ToolkitError("E_USAGE", `Cannot use ${called}: expected ${expected}`);
}
