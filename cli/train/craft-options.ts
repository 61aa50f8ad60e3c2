import { atLeast, NOT_NEGATIVE } from "../command.ts";
import type { OptionSpec } from "../command.ts";

// as early-stopping.ts has them: the help does not wait for it to load, and a test compares
const METRICS = ["loss", "top1", "top5Error", "meanAveragePrecision", "rmse", "mae", "r2"] as const;

interface CraftOptions {
  readonly rate: OptionSpec & { readonly type: "number"; readonly words: readonly "auto"[] };
  readonly headRate: OptionSpec & { readonly type: "number"; readonly words: readonly "auto"[] };
  readonly keep: OptionSpec & {
    readonly type: "choice";
    readonly choices: readonly ("best" | "last" | "soup")[];
    readonly default: string;
  };
  readonly soupSize: OptionSpec & { readonly type: "integer" };
  readonly patience: OptionSpec & { readonly type: "integer" };
  readonly stopMetric: OptionSpec & { readonly type: "choice"; readonly choices: typeof METRICS };
  readonly leastImprovement: OptionSpec & { readonly type: "number" };
  readonly timeLimit: OptionSpec & { readonly type: "string" };
  readonly onNonFinite: OptionSpec & {
    readonly type: "choice";
    readonly choices: readonly ("stop" | "skip")[];
    readonly default: string;
  };
  readonly precision: OptionSpec & {
    readonly type: "choice";
    readonly choices: readonly ("float32" | "mixed")[];
    readonly default: string;
  };
  readonly classWeights: OptionSpec & { readonly type: "weights"; readonly words: readonly "balanced"[] };
  readonly posWeight: OptionSpec & { readonly type: "weights"; readonly words: readonly "auto"[] };
  readonly sampler: OptionSpec & {
    readonly type: "choice";
    readonly choices: readonly ("shuffle" | "balanced" | "weighted")[];
    readonly default: string;
  };
}

const group = "Training";
const ending = "End of training";

/** Options of `train` on rates, on what a photo counts, and on when and with which weights training ends. */
export const CRAFT_OPTIONS: CraftOptions = {
  rate: {
    type: "number",
    words: ["auto"],
    range: NOT_NEGATIVE,
    help: "peak learning rate, or auto: found by a range test (default: 1e-3 per 16 photos)",
    group,
  },
  headRate: {
    type: "number",
    words: ["auto"],
    range: NOT_NEGATIVE,
    help: "the same for the head in staged (default: 1e-3)",
    group,
  },
  classWeights: {
    type: "weights",
    words: ["balanced"],
    help: "what photos count by their class: balanced, or a number for each class, such as 1,2.5,1",
    group,
  },
  posWeight: {
    type: "weights",
    words: ["auto"],
    help: "of several labels a photo (bce), what one that holds counts beside one that does not: auto, by how rare it is, or a number for each",
    group,
  },
  sampler: {
    type: "choice",
    choices: ["shuffle", "balanced", "weighted"],
    default: "shuffle",
    help: "draw every photo once an epoch, every class equally often, or in proportion to the weights",
    group,
  },
  onNonFinite: {
    type: "choice",
    choices: ["stop", "skip"],
    default: "stop",
    help: "where a loss or gradient is no finite number: stop, or leave the step out and halve the rate",
    group,
  },
  precision: {
    type: "choice",
    choices: ["float32", "mixed"],
    default: "float32",
    help: "mixed: products in float16, weights in float32, on graphics cards that are quicker at it; a processor computes in float32 all the same",
    group,
  },
  timeLimit: {
    type: "string",
    value: "time",
    help: "train, evaluate and export within it, such as 90s, 10m or 1h30m; as many epochs as fit, or those of --epochs",
    group: ending,
  },
  patience: {
    type: "integer",
    range: atLeast(1),
    value: "epochs",
    help: "end a stage after so many without an improvement",
    group: ending,
  },
  stopMetric: { type: "choice", choices: METRICS, help: "what has to improve (default: loss)", group: ending },
  leastImprovement: {
    type: "number",
    range: NOT_NEGATIVE,
    help: "what an improvement has to be more than (default: 0)",
    group: ending,
  },
  keep: {
    type: "choice",
    choices: ["best", "last", "soup"],
    default: "best",
    help: "weights of the best epoch, the last, or the mean of several of the best where that is better",
    group: ending,
  },
  soupSize: {
    type: "integer",
    range: atLeast(2),
    value: "epochs",
    help: "that may go into the mean of soup (default: 5)",
    group: ending,
  },
};
