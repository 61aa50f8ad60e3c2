import { atLeast, BELOW_ONE } from "../command.ts";
import type { OptionSpec } from "../command.ts";

type NumberSpec = OptionSpec & { readonly type: "number"; readonly default: number };
type ChoiceSpec<T extends string> = OptionSpec & { readonly type: "choice"; readonly choices: readonly T[] };

interface DataSpecs {
  readonly targets: OptionSpec & { readonly type: "string" };
  readonly validationShare: NumberSpec;
  readonly testShare: NumberSpec;
  readonly splitBy: ChoiceSpec<"random" | "group" | "time">;
  readonly folds: OptionSpec & { readonly type: "integer" };
  readonly fold: OptionSpec & { readonly type: "integer" };
  readonly leaks: ChoiceSpec<"move" | "report" | "ignore"> & { readonly default: string };
}

/** How the photos are divided, and what is done about copies. */
export const DATA_OPTIONS: DataSpecs = {
  targets: {
    type: "string",
    value: "columns",
    help: "the columns of a table that are learnt: labels, numbers, or several of both, such as label,age (NAME:label, NAME:number where it is not plain; default: the labels, else all numbers)",
    group: "Data",
  },
  validationShare: {
    type: "number",
    default: 0.2,
    range: BELOW_ONE,
    value: "share",
    help: "photos held out, where the data say nothing",
    group: "Data",
  },
  testShare: {
    type: "number",
    default: 0,
    range: BELOW_ONE,
    value: "share",
    help: "photos that are neither trained nor validated on",
    group: "Data",
  },
  splitBy: {
    type: "choice",
    choices: ["random", "group", "time"],
    help: "hold out photos at random, groups as a whole, or the latest (default: by group where there are groups)",
    group: "Data",
  },
  folds: { type: "integer", range: atLeast(2), help: "divide into so many folds instead", group: "Data" },
  fold: { type: "integer", range: atLeast(0), help: "the fold that validates (default: 0)", group: "Data" },
  leaks: {
    type: "choice",
    choices: ["move", "report", "ignore"],
    default: "move",
    help: "copies of a photo in training and validation: bring to one side, only tell, or do not look",
    group: "Data",
  },
};
