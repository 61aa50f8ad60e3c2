import type { Output } from "./output.ts";

/** One option of a command. Its key in camel case is its flag: `maxBad` is `--max-bad`; one that is on by default is written `--no-NAME`. */
export type OptionSpec = Described &
  (
    | { readonly type: "string"; readonly default?: string }
    /** A text that stands for a value, several, or a range of numbers; in a config file these may stand there themselves. */
    | { readonly type: "values" }
    | { readonly type: "integer"; readonly default?: number; readonly range?: Range }
    /** A number, or one of a few words. */
    | { readonly type: "number"; readonly default?: number; readonly range?: Range; readonly words?: readonly string[] }
    /** Numbers with commas between them. */
    | { readonly type: "numbers"; readonly count: number }
    /** A number of 0 or more for each class, with commas between them, or one of a few words. */
    | { readonly type: "weights"; readonly words: readonly string[] }
    | { readonly type: "choice"; readonly choices: readonly string[]; readonly default?: string }
    /** One of several with options of its own: NAME or NAME:KEY=VALUE,KEY=VALUE. */
    | { readonly type: "named"; readonly choices: readonly string[] }
    | { readonly type: "boolean"; readonly default?: boolean }
  );

/** What a "named" option's text stands for: a list is written with "+", as in milestones=2+4. */
export type NamedValue<Name extends string = string> = { readonly name: Name } & Readonly<Record<string, unknown>>;

interface Described {
  readonly help: string;
  readonly required?: boolean;
  /** What the help calls its value. */
  readonly value?: string;
  /** The heading it stands under in the help. */
  readonly group?: string;
}

/** Which numbers are taken, and how an error says so: "a number above 0". */
export interface Range {
  readonly holds: (value: number) => boolean;
  readonly expected: string;
  /** The same as data, where it is an interval. */
  readonly bounds?: Bounds;
}

export interface Bounds {
  readonly minimum?: number;
  readonly maximum?: number;
  /** Itself not taken. */
  readonly above?: number;
  readonly below?: number;
}

export interface PositionalSpec {
  readonly help: string;
  readonly many?: boolean;
  readonly optional?: boolean;
  /** Takes words that begin with a minus, which are no options then. */
  readonly minus?: boolean;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;
export type PositionalSpecs = Readonly<Record<string, PositionalSpec>>;

type ValueOf<S extends OptionSpec> = S extends { type: "string" }
  ? string
  : S extends { type: "values" }
    ? unknown
    : S extends { type: "choice"; choices: readonly (infer C)[] }
      ? C
      : S extends { type: "named"; choices: readonly (infer N extends string)[] }
        ? NamedValue<N>
        : S extends { type: "boolean" }
          ? boolean
          : S extends { type: "number"; words: readonly (infer W)[] }
            ? number | W
            : S extends { type: "weights"; words: readonly (infer W)[] }
              ? readonly number[] | W
              : S extends { type: "numbers" }
                ? readonly number[]
                : number;

type Given =
  | { readonly required: true }
  | { readonly default: string | number | boolean }
  | { readonly type: "boolean" };

export type OptionValues<O extends OptionSpecs> = {
  readonly [K in keyof O]: O[K] extends Given ? ValueOf<O[K]> : ValueOf<O[K]> | undefined;
};

export type PositionalValues<P extends PositionalSpecs> = {
  readonly [K in keyof P]: P[K] extends { many: true }
    ? readonly string[]
    : P[K] extends { optional: true }
      ? string | undefined
      : string;
};

export interface CommandInput<O extends OptionSpecs, P extends PositionalSpecs> {
  readonly options: OptionValues<O>;
  readonly positionals: PositionalValues<P>;
  readonly out: Output;
  /** Aborts where the user wants to stop. */
  readonly signal: AbortSignal;
}

/** 0 done, 1 failed, 3 done but with more unreadable inputs than were allowed. */
export type ExitCode = 0 | 1 | 3;

export interface CommandSpec<O extends OptionSpecs, P extends PositionalSpecs> {
  /** One word, or two for a command below another: "models get". */
  readonly name: string;
  readonly summary: string;
  readonly options: O;
  readonly positionals: P;
  /** Command lines without the program's name; the first stands in the help of the program. */
  readonly examples: readonly string[];
  /** Whether it ends in good order when the signal aborts. Any other command is simply left. */
  readonly stoppable?: boolean;
  // its imports of the toolkit are dynamic: the help must not wait for them
  readonly run: (input: CommandInput<O, P>) => Promise<ExitCode | void>;
}

/** A command whose types nobody asks for any more. */
export type Command = CommandSpec<OptionSpecs, PositionalSpecs>;

/** A command as data; the types of its options and positionals follow from it. */
export function defineCommand<const O extends OptionSpecs, const P extends PositionalSpecs>(
  command: CommandSpec<O, P>,
): Command {
  return command as unknown as Command;
}

/** "maxBad" as "--max-bad". */
export function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The numbers within bounds, which `expected` puts into words. */
function within(bounds: Bounds, expected: string): Range {
  const { minimum = -Infinity, maximum = Infinity, above = -Infinity, below = Infinity } = bounds;
  return { holds: (v) => v >= minimum && v <= maximum && v > above && v < below, expected, bounds };
}

export const NOT_NEGATIVE: Range = within({ minimum: 0 }, "a number of 0 or more");
export const SHARE: Range = within({ minimum: 0, maximum: 1 }, "a number from 0 to 1");
export const BELOW_ONE: Range = within({ minimum: 0, below: 1 }, "a number from 0 to below 1");
export const FACTOR: Range = within({ above: 0, maximum: 1 }, "a number above 0, up to 1");

/** Whole numbers from `least`. */
export function atLeast(least: number): Range {
  return within({ minimum: least }, `a whole number of ${least} or more`);
}

/** Of commands that decode many photos. */
export const DECODERS_OPTION: OptionSpec & { readonly type: "integer" } = {
  type: "integer",
  range: atLeast(0),
  value: "n",
  help: "processes that decode photos, 0 for none but this one (default: one fewer than cores, 2 on 2, at most 4)",
};

export const JSON_OPTION = { type: "boolean", help: "write JSON to stdout" } as const;
