import { atLeast, BELOW_ONE, DECODERS_OPTION, defineCommand, FACTOR, NOT_NEGATIVE } from "../command.ts";
import type { Command, OptionSpecs } from "../command.ts";
import { CONFIG_OPTIONS } from "../config/config-options.ts";
import { DEVICE_OPTION } from "../device-option.ts";
import { CRAFT_OPTIONS } from "../train/craft-options.ts";
import { DATA_OPTIONS } from "../train/data-options.ts";
import { FROZEN_OPTIONS } from "../train/frozen-options.ts";
import { LOSSES, OPTIMIZERS, SCHEDULES } from "../train/named-choices.ts";
import { MAX_BAD_OPTION } from "../unreadable.ts";

const positionals = {
  data: { help: "folders of photos, a table (CSV, TSV, JSON lines), a tar, CIFAR, MNIST or .npz files" },
} as const;

const options = {
  model: {
    type: "string",
    value: "model",
    help: "an ONNX file, or the name of a model (default: the bundled one); with --mode scratch, of an architecture",
  },
  mode: {
    type: "choice",
    choices: ["frozen", "partial", "full", "staged", "scratch"],
    default: "staged",
    help: "train the head, the last layers, every layer, the head and then every layer, or every layer from random weights",
  },
  out: { type: "string", value: "folder", help: "the run folder (default: runs/DATA-1, or the next that is free)" },
  resume: { type: "boolean", help: "go on from the checkpoint of an interrupted run" },
  forceResume: { type: "boolean", help: "the same with other settings or photos, as far as the weights fit" },
  seed: { type: "integer", default: 0, range: atLeast(0), help: "seed of everything random" },
  threads: {
    type: "integer",
    range: atLeast(1),
    help: "threads of the runtime (default: all cores); 1 repeats to the bit",
  },
  device: DEVICE_OPTION,
  autotune: { type: "boolean", help: "time several ways to write the step first, and take the quickest" },
  json: { type: "boolean", help: "a JSON line for each epoch, and one for the result" },
  ...CONFIG_OPTIONS,

  epochs: {
    type: "integer",
    range: atLeast(1),
    help: "epochs of all layers (default: 5, scratch 30, frozen 30)",
    group: "Training",
  },
  headEpochs: {
    type: "integer",
    range: atLeast(1),
    help: "epochs of the head in staged (default: 30)",
    group: "Training",
  },
  batch: { type: "integer", default: 16, range: atLeast(1), help: "photos in a step", group: "Training" },
  stemFactor: {
    type: "number",
    range: FACTOR,
    help: "what the rate is multiplied by at the first layer (default: staged 0.1, else 1)",
    group: "Training",
  },
  optimizer: {
    type: "named",
    choices: OPTIMIZERS,
    help: "may have options, such as rmsprop:alpha=0.9 (default: sgd; adamw for a head alone)",
    group: "Training",
  },
  momentum: { type: "number", default: 0.9, range: BELOW_ONE, help: "of sgd and nesterov", group: "Training" },
  decay: { type: "number", range: NOT_NEGATIVE, help: "weight decay (default: 0, scratch 5e-4)", group: "Training" },
  labelSmoothing: {
    type: "number",
    default: 0,
    range: BELOW_ONE,
    help: "share given to the other classes",
    group: "Training",
  },
  loss: {
    type: "named",
    choices: LOSSES,
    help: "may have options, such as focal:gamma=2 or huber:delta=0.5 (default: cross-entropy; of numbers mse)",
    group: "Training",
  },
  schedule: {
    type: "named",
    choices: SCHEDULES,
    help: "of the rate; its options count epochs, as in step:every=2,factor=0.5 or multi-step:milestones=2+4 (default: cosine)",
    group: "Training",
  },
  warmUp: {
    type: "number",
    range: NOT_NEGATIVE,
    value: "epochs",
    help: "over which the rate rises to its peak (default: 0, scratch 1)",
    group: "Training",
  },
  accumulate: {
    type: "integer",
    default: 1,
    range: atLeast(1),
    value: "batches",
    help: "whose gradients make one update: large batches in little memory",
    group: "Training",
  },
  clipNorm: { type: "number", range: NOT_NEGATIVE, help: "limit of the gradients' common norm", group: "Training" },
  clipValue: { type: "number", range: NOT_NEGATIVE, help: "limit of each element of a gradient", group: "Training" },
  clipAdaptive: {
    type: "number",
    range: NOT_NEGATIVE,
    help: "limit of a unit's gradient as a share of the unit's norm",
    group: "Training",
  },
  ema: {
    type: "number",
    range: BELOW_ONE,
    value: "decay",
    help: "evaluate and export a moving average of the weights, such as 0.99",
    group: "Training",
  },
  sharpness: {
    type: "number",
    range: NOT_NEGATIVE,
    value: "radius",
    help: "of sharpness-aware minimisation, such as 0.05: twice the work",
    group: "Training",
  },
  teacher: {
    type: "string",
    value: "model",
    help: "a network fine-tuned on the same classes, whose answers are learnt too",
    group: "Training",
  },
  temperature: {
    type: "number",
    range: NOT_NEGATIVE,
    help: "of the teacher's answers (default: 4)",
    group: "Training",
  },
  teacherShare: {
    type: "number",
    range: FACTOR,
    value: "share",
    help: "of the loss that is the teacher's (default: 0.7)",
    group: "Training",
  },
  maxSteps: {
    type: "integer",
    range: atLeast(1),
    help: "end the training of all layers after so many steps",
    group: "Training",
  },

  ...CRAFT_OPTIONS,

  ...FROZEN_OPTIONS,
  ...DATA_OPTIONS,

  batchNorm: {
    type: "choice",
    choices: ["auto", "batch", "frozen", "keep"],
    default: "auto",
    help: "statistics of each batch, the stored ones, or leave folded layers folded",
    group: "Network",
  },
  hidden: {
    type: "integer",
    default: 0,
    range: atLeast(0),
    help: "units of a hidden layer in the head",
    group: "Network",
  },
  dropout: { type: "number", default: 0, range: BELOW_ONE, help: "share dropped before the head", group: "Network" },
  head: {
    type: "string",
    value: "node",
    help: "the layer to replace, where it is not found by itself",
    group: "Network",
  },
  features: { type: "string", value: "value", help: "the value that the new head reads", group: "Network" },

  size: {
    type: "integer",
    range: atLeast(16),
    value: "px",
    help: "side of the pictures (default: the model's)",
    group: "Photos",
  },
  resize: {
    type: "integer",
    range: atLeast(16),
    value: "px",
    help: "shorter side before the middle is cut out",
    group: "Photos",
  },
  mean: {
    type: "numbers",
    count: 3,
    help: "subtracted from red, green, blue in 0..1 (default: the model's)",
    group: "Photos",
  },
  std: { type: "numbers", count: 3, help: "what they are divided by then", group: "Photos" },
  augment: { type: "boolean", default: true, help: "no random crops and flips", group: "Photos" },
  augmentation: {
    type: "string",
    value: "steps",
    help: "more than crops and flips, as in rotate:degrees=15+color-jitter:brightness=0.2 or trivial-augment; see preview",
    group: "Photos",
  },
  mixup: {
    type: "number",
    default: 0,
    range: NOT_NEGATIVE,
    value: "alpha",
    help: "lay the photos of a batch over each other, such as 0.2",
    group: "Photos",
  },
  cutmix: {
    type: "number",
    default: 0,
    range: NOT_NEGATIVE,
    value: "alpha",
    help: "put a box of one photo into another, such as 1",
    group: "Photos",
  },
  cropScale: {
    type: "number",
    default: 0.08,
    range: FACTOR,
    help: "smallest share of a photo in a random crop",
    group: "Photos",
  },
  maxBad: { ...MAX_BAD_OPTION, group: "Photos" },
  decoders: { ...DECODERS_OPTION, group: "Photos" },
  cache: {
    type: "string",
    value: "folder",
    help: "where decoded pictures, features and downloads are kept",
    group: "Photos",
  },
  pictureCache: {
    type: "number",
    default: 4,
    range: NOT_NEGATIVE,
    value: "GB",
    help: "most disk space for decoded pictures, 0 for none",
    group: "Photos",
  },
} as const satisfies OptionSpecs;

export const train: Command = defineCommand({
  name: "train",
  summary: "Fine-tune a network on a folder of labelled photos",
  examples: [
    "train photos/",
    "train photos/ --model resnet18 --mode full --epochs 10 --out runs/mine",
    "train photos/ --mode partial --train-from layer4 --views 4",
    "train photos/ --rate auto --time-limit 10m --keep soup",
    "train photos/ --resume --out runs/mine",
    "train photos/ --config settings.json --epochs 20",
    "train photos.csv --targets label,age --loss huber",
  ],
  positionals,
  options,
  stoppable: true,
  async run(input) {
    const { runTraining } = await import("../train/run-training.ts");
    return runTraining(input);
  },
});
