import { atLeast, BELOW_ONE, DECODERS_OPTION, defineCommand } from "../command.ts";
import type { Command, OptionSpecs } from "../command.ts";
import { DEVICE_OPTION } from "../device-option.ts";
import { CONFIG_OPTIONS } from "../config/config-options.ts";
import { CRAFT_OPTIONS } from "../train/craft-options.ts";

const SETTINGS = "Settings: a value, several (0,1e-4), or a range (1e-4..1e-1)";

/** A setting of training that may be swept. */
function swept(help: string): {
  readonly type: "values";
  readonly value: string;
  readonly help: string;
  readonly group: string;
} {
  return { type: "values", value: "values", help, group: SETTINGS };
}

const positionals = {
  data: { help: "folders of photos, a table (CSV, TSV, JSON lines), a tar, CIFAR, MNIST or .npz files" },
} as const;

const options = {
  model: { type: "string", value: "model", help: "an ONNX file, or the name of a model (default: the bundled one)" },
  method: {
    type: "choice",
    choices: ["random", "grid", "halving"],
    default: "random",
    help: "draw trials, try every combination, or draw many and give only the best more epochs",
  },
  trials: { type: "integer", range: atLeast(1), help: "points that are drawn (default: 20); of a grid the most" },
  seeds: { type: "integer", default: 1, range: atLeast(1), help: "try each point with so many seeds" },
  steps: { type: "integer", default: 5, range: atLeast(1), help: "values of each range in a grid" },
  factor: { type: "integer", default: 3, range: atLeast(2), help: "in halving, one of so many goes on" },
  leastEpochs: { type: "integer", default: 1, range: atLeast(1), help: "epochs of the shortest trials in halving" },
  drawSeed: { type: "integer", default: 0, range: atLeast(0), help: "seed of the drawing" },
  space: { type: "string", value: "file", help: "JSON with a value, a list or a range for each setting" },
  out: { type: "string", value: "folder", help: "the sweep's folder (default: runs/DATA-1, or the next that is free)" },
  resume: { type: "boolean", help: "go on with the sweep in the folder; --trials may be more than before" },
  retryFailed: { type: "boolean", help: "when going on, run the trials that failed once more" },
  seed: { type: "integer", default: 0, range: atLeast(0), help: "first seed of the trials, and of the split" },
  threads: { type: "integer", range: atLeast(1), help: "threads of the runtime (default: all cores)" },
  device: DEVICE_OPTION,
  classWeights: CRAFT_OPTIONS.classWeights,
  posWeight: CRAFT_OPTIONS.posWeight,
  precision: CRAFT_OPTIONS.precision,
  validationShare: {
    type: "number",
    default: 0.2,
    range: BELOW_ONE,
    value: "share",
    help: "photos held out, where there is no val/",
  },
  targets: { type: "string", value: "columns", help: "the columns of a table that are learnt, as in train" },
  mean: { type: "numbers", count: 3, help: "subtracted from red, green, blue in 0..1 (default: the model's)" },
  std: { type: "numbers", count: 3, help: "what they are divided by then" },
  cache: { type: "string", value: "folder", help: "where features and downloads are kept" },
  decoders: DECODERS_OPTION,
  json: { type: "boolean", help: "a JSON line for each trial, and one for the result" },
  ...CONFIG_OPTIONS,

  mode: swept("as in train (default: frozen, heads on features that are computed once)"),
  rate: swept("peak learning rate"),
  headRate: swept("the same for the head in staged"),
  decay: swept("weight decay"),
  momentum: swept("of sgd and nesterov"),
  optimizer: swept("sgd, adamw, ..."),
  epochs: swept("epochs of all layers, or of the head in frozen"),
  batch: swept("photos in a step"),
  hidden: swept("units of a hidden layer in the head"),
  dropout: swept("share dropped before the head"),
  labelSmoothing: swept("share given to the other classes"),
  loss: swept("cross-entropy, focal, ..."),
  schedule: swept("of the rate: cosine, one-cycle, ..."),
  warmUp: swept("epochs over which the rate rises"),
  ema: swept("share that a moving average of the weights keeps"),
  stemFactor: swept("what the rate is multiplied by at the first layer"),
  unfreeze: swept("last stages that are trained in partial and staged"),
  trainFrom: swept("the first layer that is trained in partial and staged"),
  size: swept("side of the pictures in pixels"),
  resize: swept("shorter side before the middle is cut out"),
  headEpochs: swept("epochs of the head in staged"),
  accumulate: swept("batches whose gradients make one update"),
  clipNorm: swept("limit of the gradients' common norm"),
  sharpness: swept("radius of sharpness-aware minimisation"),
  sampler: swept("shuffle, balanced or weighted"),
  batchNorm: swept("auto, batch, frozen or keep"),
  views: swept("augmented views of each photo that a frozen part sees"),
  augment: swept("true or false: random crops and flips"),
  cropScale: swept("smallest share of a photo in a random crop"),
  mixup: swept("lay the photos of a batch over each other"),
  cutmix: swept("put a box of one photo into another"),
  keep: swept("weights that count: best, last or soup"),
  head: swept("the layer to replace, where it is not found by itself"),
  features: swept("the value that the new head reads"),
} as const satisfies OptionSpecs;

export const sweep: Command = defineCommand({
  name: "sweep",
  summary: "Try many settings of training, rank them, and write down the best",
  examples: [
    "sweep photos/ --rate 1e-4..1e-1 --decay 0,1e-4,1e-2 --trials 50",
    "sweep photos/ --method grid --hidden 0,64,256 --rate 1e-3,1e-2 --seeds 3",
    "sweep photos/ --mode full --method halving --rate 1e-4..1e-2 --epochs 9 --trials 27",
    "sweep photos/ --config runs/mine/config.json --rate 1e-4..1e-2",
    "sweep photos/ --space space.json --resume --out runs/photos-1",
  ],
  positionals,
  options,
  stoppable: true,
  async run(input) {
    const { runSweep } = await import("../sweep/run-sweep.ts");
    return runSweep(input);
  },
});
