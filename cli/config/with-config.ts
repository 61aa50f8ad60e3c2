import { ToolkitError } from "../../toolkit/errors.ts";
import { flagOf } from "../command.ts";
import type { Command } from "../command.ts";
import type { Invocation } from "../program.ts";
import { takesConfig } from "./config-options.ts";

/**
 * An invocation with what its config file says: words of the command line count more than the file, and the file more than defaults.
 * @throws E_USAGE where the file is wrong
 */
export async function withConfig(invocation: Invocation, commands: readonly Command[]): Promise<Invocation> {
  const { command, options, positionals, given } = invocation;
  const file = options["config"];
  if (!takesConfig(command) || typeof file !== "string") return invocation;
  const { readConfig } = await import("./read-config.ts");
  const found = [...(await readConfig(file, command, commands.filter(takesConfig)))];
  const isPositional = (key: string): boolean => key in command.positionals;
  return {
    ...invocation,
    options: {
      ...options,
      ...Object.fromEntries(found.filter(([key]) => !isPositional(key) && !given.has(key))),
    },
    positionals: {
      ...positionals,
      ...Object.fromEntries(
        found.filter(([key]) => isPositional(key) && !isThere(positionals[key])) as [string, string | string[]][],
      ),
    },
  };
}

/**
 * Refuses an invocation that lacks what its command needs, of a command for which a file might have had it.
 * @throws E_USAGE
 */
export function expectComplete({ command, options, positionals }: Invocation): void {
  if (!takesConfig(command)) return;
  const word = Object.entries(command.positionals).find(
    ([key, { optional }]) => !optional && !isThere(positionals[key]),
  );
  if (word) throw missing(`argument "${word[0]}"`, command);
  const option = Object.entries(command.options).find(([key, { required }]) => required && options[key] === undefined);
  if (option) throw missing(`option "${flagOf(option[0])}"`, command);
}

function isThere(positional: string | readonly string[] | undefined): boolean {
  return positional !== undefined && positional.length > 0;
}

function missing(what: string, { name }: Command): ToolkitError {
  return new ToolkitError("E_USAGE", `Cannot read the command line: missing required ${what}`, {
    hint: `name it here or in a --config file; see "onnx-graft ${name} --help"`,
  });
}
