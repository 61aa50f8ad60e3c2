import type { Command, OptionSpec } from "../command.ts";

interface ConfigOptions {
  readonly config: OptionSpec & { readonly type: "string" };
  readonly printConfig: OptionSpec & { readonly type: "boolean" };
}

/** Options of a command whose other options may also stand in a file. */
export const CONFIG_OPTIONS: ConfigOptions = {
  config: {
    type: "string",
    value: "file",
    help: 'JSON with any of these options, as in { "batch": 32 }, or a run\'s config.json; what stands here counts more (--NAME and --no-NAME turn a switch)',
  },
  printConfig: { type: "boolean", help: "print the settings as such a file, and do nothing" },
};

/** Whether a command is one of these. */
export function takesConfig({ options }: Pick<Command, "options">): boolean {
  return options["config"] === CONFIG_OPTIONS.config;
}

/** "find-rate" as "find-rate.json": the schema of a command's file. */
export function schemaName({ name }: Pick<Command, "name">): string {
  return `${name.replaceAll(" ", "-")}.json`;
}
