import { atLeast, NOT_NEGATIVE } from "../command.ts";
import type { OptionSpec } from "../command.ts";

interface FrozenOptions {
  readonly trainFrom: OptionSpec & { readonly type: "string" };
  readonly unfreeze: OptionSpec & { readonly type: "integer" };
  readonly views: OptionSpec & { readonly type: "integer"; readonly default: number };
  readonly cacheType: OptionSpec & {
    readonly type: "choice";
    readonly choices: readonly ("float32" | "float16")[];
    readonly default: string;
  };
  readonly cacheMemory: OptionSpec & { readonly type: "number"; readonly default: number };
  readonly cacheDisk: OptionSpec & { readonly type: "number"; readonly default: number };
}

const group = "Frozen layers";

/** Options of `train` on the part of a network that is not trained. */
export const FROZEN_OPTIONS: FrozenOptions = {
  trainFrom: {
    type: "string",
    value: "layer",
    help: "in partial and staged: the first layer that is trained, such as layer4, or a value to cut at (see inspect)",
    group,
  },
  unfreeze: {
    type: "integer",
    range: atLeast(1),
    value: "stages",
    help: "the same, counted: train so many of the last stages (default: 1 in partial)",
    group,
  },
  views: {
    type: "integer",
    default: 1,
    range: atLeast(1),
    help: "augmented views of each photo that go through the frozen layers, one an epoch in turn; 1 for the photo itself",
    group,
  },
  cacheType: {
    type: "choice",
    choices: ["float32", "float16"],
    default: "float32",
    help: "how their activations are kept: float16 takes half the space",
    group,
  },
  cacheMemory: {
    type: "number",
    default: 1,
    range: NOT_NEGATIVE,
    value: "GB",
    help: "most memory for activations; what takes more is read from disk at each step",
    group,
  },
  cacheDisk: {
    type: "number",
    default: 8,
    range: NOT_NEGATIVE,
    value: "GB",
    help: "most disk space for activations of all runs",
    group,
  },
};
