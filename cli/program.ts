import { Command as Program, CommanderError, Option } from "commander";
import { errorMessage, ToolkitError } from "../toolkit/errors.ts";
import { VERSION } from "../toolkit/version.ts";
import { flagOf } from "./command.ts";
import type { Command, OptionSpec, PositionalSpec } from "./command.ts";
import { takesConfig } from "./config/config-options.ts";
import { readValue } from "./option-value.ts";

/** What a command line asks for. */
export interface Invocation {
  readonly command: Command;
  readonly options: Readonly<Record<string, unknown>>;
  readonly positionals: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The options that stand on the command line: the others have their defaults. */
  readonly given: ReadonlySet<string>;
}

export interface ParseOptions {
  readonly commands: readonly Command[];
  /** Where help and version go. */
  readonly stdout: NodeJS.WritableStream;
  /** Characters in a line of help. */
  readonly columns: number;
}

const NAME = "onnx-graft";

/**
 * Reads a command line: the words behind the program's name. Undefined where it only asked for help or the version, which are printed.
 * @throws E_USAGE
 */
export function parseCommandLine(words: readonly string[], options: ParseOptions): Invocation | undefined {
  const { commands } = options;
  let found: Invocation | undefined;
  const program = configured(new Program(NAME), options)
    .description("Fine-tune a pretrained network on your own photos, label collections, and search them.")
    .usage("<command> [options]")
    .version(VERSION, "-V, --version", "print the version")
    .helpCommand(false)
    .addHelpText("after", `\nExamples:\n${commands.map(({ examples }) => exampleLine(examples[0])).join("\n")}`);
  for (const command of commands) {
    const names = command.name.split(" ");
    const parent = names.length > 1 ? group(program, names[0] ?? "") : program;
    parent.addCommand(
      configured(
        toProgram(command, names.at(-1) ?? "", (invocation) => (found = invocation)),
        options,
      ),
    );
  }
  try {
    program.parse(separated(words, commands), { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return undefined;
    throw usageError(error, words, commands);
  }
  return found;
}

function configured(program: Program, { stdout, columns }: ParseOptions): Program {
  // before any command is added: they take these settings over
  return program
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: () => {},
      getOutHelpWidth: () => columns,
      getErrHelpWidth: () => columns,
      outputError: () => {},
    })
    .helpOption("-h, --help", "print this help")
    .configureHelp({ visibleCommands: described, subcommandTerm: term })
    .showSuggestionAfterError(true);
}

/** The commands below one, at any depth; a word that only stands before others is none. */
function described(program: Program): Program[] {
  return program.commands.flatMap((c) => [...(c.description() === "" ? [] : [c]), ...described(c)]);
}

/** "models get <name>" */
function term(program: Program): string {
  const above = program.parent?.parent ? [program.parent.name()] : [];
  const words = program.registeredArguments.map((a) => `<${a.name()}${a.variadic ? "..." : ""}>`);
  return [...above, program.name(), ...words].join(" ");
}

function group(program: Program, name: string): Program {
  return program.commands.find((c) => c.name() === name) ?? program.command(name);
}

function toProgram(command: Command, name: string, found: (invocation: Invocation) => void): Program {
  const program = new Program(name).description(command.summary).helpCommand(false);
  // what a command needs may stand in a file, which is read later
  const mayLack = takesConfig(command);
  for (const [key, spec] of Object.entries(command.positionals)) {
    program.argument(argument(key, mayLack ? { ...spec, optional: true } : spec), spec.help);
  }
  for (const [key, spec] of Object.entries(command.options)) {
    program.addOption(toOption(key, mayLack ? { ...spec, required: false } : spec));
    // a switch that a file has turned can be turned back
    if (mayLack && spec.type === "boolean")
      program.addOption(new Option(switchFlag(key, spec.default !== true)).hideHelp());
  }
  program.addHelpText("after", `\nExamples:\n${command.examples.map(exampleLine).join("\n")}`);
  const names = Object.keys(command.positionals);
  program.action((...values: unknown[]) => {
    const positionals = Object.fromEntries(names.map((key, i) => [key, values[i] as string | string[] | undefined]));
    const options = program.opts();
    const given = new Set(Object.keys(options).filter((key) => program.getOptionValueSource(key) === "cli"));
    found({ command, options: withOffs(command, options), positionals, given });
  });
  return program;
}

/** How a switch is written that is on or off where nobody says anything. */
function switchFlag(key: string, isOn: boolean): string {
  return isOn ? flagOf(key).replace("--", "--no-") : flagOf(key);
}

function argument(key: string, { many = false, optional = false }: PositionalSpec): string {
  const name = many ? `${key}...` : key;
  return optional ? `[${name}]` : `<${name}>`;
}

function toOption(key: string, spec: OptionSpec): Option {
  const flag = flagOf(key);
  if (spec.type === "boolean") {
    const option = new Option(switchFlag(key, spec.default === true), spec.help);
    return spec.group === undefined ? option : option.helpGroup(`${spec.group}:`);
  }
  const option = new Option(`${flag} <${spec.value ?? VALUE_NAMES[spec.type]}>`, spec.help);
  if (spec.type === "choice" || spec.type === "named") option.choices([...spec.choices]);
  option.argParser((text) => readValue(flag, spec, text));
  if ("default" in spec) option.default(spec.default);
  if (spec.required) option.makeOptionMandatory();
  return spec.group === undefined ? option : option.helpGroup(`${spec.group}:`);
}

const VALUE_NAMES = {
  string: "text",
  values: "values",
  integer: "n",
  number: "x",
  numbers: "x,y,z",
  weights: "weights",
  choice: "name",
  named: "name[:options]",
} as const;

/** A switch that nobody set is off, or on where it is written `--no-NAME`. */
function withOffs({ options }: Command, values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const switches = Object.entries(options).flatMap(([key, { type }]) =>
    type === "boolean" ? [[key, values[key] === true] as const] : [],
  );
  return { ...values, ...Object.fromEntries(switches) };
}

function exampleLine(example: string | undefined): string {
  return `  ${NAME} ${example ?? ""}`;
}

/** For a command whose words may begin with a minus: options first, then everything else behind "--", in its order. */
function separated(words: readonly string[], commands: readonly Command[]): readonly string[] {
  const [name = "", ...rest] = words;
  const command = commands.find((c) => c.name === name);
  if (!command || !Object.values(command.positionals).some((p) => p.minus)) return words;
  const valued = new Set(
    Object.entries(command.options).flatMap(([key, { type }]) => (type === "boolean" ? [] : [flagOf(key)])),
  );
  const options: string[] = [];
  const others: string[] = [];
  const end = rest.includes("--") ? rest.indexOf("--") : rest.length;
  for (let i = 0; i < end; i++) {
    const word = rest[i] ?? "";
    const isOption = word.startsWith("--") || word === "-h";
    (isOption ? options : others).push(word);
    const next = rest[i + 1];
    if (isOption && valued.has(word) && next !== undefined && i + 1 < end) {
      options.push(next);
      i++;
    }
  }
  return [name, ...options, "--", ...others, ...rest.slice(end + 1)];
}

/** Commander's complaint in our words: what was wrong, and where the help is. */
function usageError(error: unknown, words: readonly string[], commands: readonly Command[]): ToolkitError {
  const [first = "", second = ""] = words;
  const name = [`${first} ${second}`, first].find((n) =>
    commands.some((c) => c.name === n || c.name.startsWith(`${n} `)),
  );
  const help = `see "${[NAME, ...(name === undefined ? [] : [name]), "--help"].join(" ")}"`;
  // a value that was refused
  if (!(error instanceof CommanderError)) {
    return new ToolkitError("E_USAGE", errorMessage(error), { hint: help, cause: error });
  }
  if (error.code === "commander.help") {
    const below = commands.flatMap((c) => (c.name.startsWith(`${name} `) ? [c.name] : []));
    const message = name === undefined ? "expected a command" : `expected ${below.join(" or ")}`;
    return new ToolkitError("E_USAGE", `Cannot run "${[NAME, ...words].join(" ")}": ${message}`, { hint: help });
  }
  const text = error.message.replace(/^error: /, "");
  const suggestion = /\n\(Did you mean (.*)\?\)$/s.exec(text)?.[1];
  const message = text.replace(/\n\(Did you mean.*$/s, "").replaceAll("'", '"');
  const hint = suggestion === undefined ? help : `did you mean ${suggestion}? ${help}`;
  return new ToolkitError("E_USAGE", `Cannot read the command line: ${message}`, { hint });
}
