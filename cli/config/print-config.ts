import type { NamedValue } from "../command.ts";
import type { Invocation } from "../program.ts";
import { CONFIG_OPTIONS, schemaName } from "./config-options.ts";

/** The settings of an invocation as a config file. What is decided only where the model and the photos are known is left out. */
export function printConfig({ command, options, positionals }: Invocation): string {
  const own = new Set(Object.keys(CONFIG_OPTIONS));
  const values = [
    ...Object.keys(command.positionals).map((key) => [key, positionals[key]] as const),
    ...Object.keys(command.options).map((key) => [key, options[key]] as const),
  ];
  const settings = Object.fromEntries(
    values.filter(([key]) => !own.has(key)).map(([key, value]) => [key, plain(value)]),
  );
  const $schema = `./node_modules/onnx-graft/cli/config/schemas/${schemaName(command)}`;
  return `${JSON.stringify({ $schema, ...settings }, undefined, 2)}\n`;
}

/** A choice without options of its own is its name. */
function plain(value: unknown): unknown {
  const isNamed = typeof value === "object" && value !== null && "name" in value;
  return isNamed && Object.keys(value).length === 1 ? (value as NamedValue).name : value;
}
