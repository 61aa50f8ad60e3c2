import type { Architecture } from "../../models/architectures.ts";
import type { FineTuneSettings } from "../../toolkit/node.ts";
import { courseNet, deeperNet } from "./networks.ts";

/** One way to train: a row of the table. */
export interface Step {
  /** Of its folder. */
  readonly id: string;
  /** What it adds to the row that it builds on. */
  readonly adds: string;
  readonly network: Architecture;
  /** What is subtracted from red, green and blue in 0..1, and what they are divided by then. */
  readonly pixels: Pixels;
  readonly settings: FineTuneSettings;
}

interface Pixels {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** As they are, from 0 to 1. */
const RAW: Pixels = { mean: [0, 0, 0], std: [1, 1, 1] };
/** Of the 50,000 training pictures. */
const STANDARDISED: Pixels = { mean: [0.4914, 0.4822, 0.4465], std: [0.247, 0.2435, 0.2616] };

/** Plain gradient descent on mini-batches, as the course begins. */
const PLAIN = {
  mode: "scratch",
  sizePx: 32,
  resizePx: 32,
  // few epochs: small batches make more updates of them
  batchSize: 32,
  optimizer: "sgd",
  momentum: 0,
  rate: 0.05,
  schedule: "constant",
  warmUpEpochs: 0,
  decay: 0,
  augment: false,
  // the test pictures choose no epoch
  keep: "last",
} satisfies FineTuneSettings;

/** Moved by up to 4 px, mirrored every other time. */
const MOVED = { crop: "padded", padding: 4, flipProbability: 0.5 } as const;
/** A square of 8 x 8 px is cut out of every other picture. */
const CUTOUT = { name: "cutout", side: 0.25, probability: 0.5 } as const;
const NOISE = { name: "noise", sigma: 0.02, probability: 0.5 } as const;
const DROPOUT = 0.5;

/** The course multiplies the rate by .95 after each epoch, and trains its last network for 50. */
const COURSE_DECAY = 0.95;
const COURSE_EPOCHS = 50;
/** Momentum of .9 makes ten times as much of a gradient. */
const WITH_MOMENTUM = { momentum: 0.9, rate: 0.005 } as const;
/** Batch normalisation behind every convolution allows a higher one. */
const DEEPER_RATE = 0.05;
const DEEPER_DECAY = 5e-4;
/** Falls nearly as far as the course's, to 5 %: what is left then is averaged out. */
const DEEPER_LAST = 0.05;
/** Half as many updates, of gradients that are half as noisy. */
const DEEPER_BATCH = 64;
/** A network that sees each picture ten times learns too little of half of what it sees. */
const DEEPER_DROPOUT = 0.1;
/** Weights are averaged over the last two hundred updates or so. */
const AVERAGE_DECAY = 0.995;
/** The usual ones, at which these optimizers were published. */
const ADAPTIVE = { adam: 1e-3, adamax: 2e-3, nadam: 1e-3, amsgrad: 1e-3 } as const;
const TITLES = { adam: "Adam", adamax: "AdaMax", nadam: "NAdam", amsgrad: "AMSGrad" } as const;

/** Falls as far in these epochs as the course's rate does in its 50, to 8 %, by the same factor after each. */
function decaying(epochs: number): FineTuneSettings {
  return { schedule: { name: "exponential", factor: COURSE_DECAY ** (COURSE_EPOCHS / epochs) } };
}

/** The rows of the table: each but the optimizers is the one before with something added. */
export function ablation(epochs: number): readonly Step[] {
  const network = courseNet({});
  const pixels = STANDARDISED;
  const plain = { ...PLAIN, epochs };
  const moved = { ...plain, augment: MOVED };
  const momentum = { ...moved, ...WITH_MOMENTUM, ...decaying(epochs) };
  const withDropout = courseNet({ dropout: DROPOUT });
  const whole = courseNet({ dropout: DROPOUT, batchNorm: true });
  const optimizers = (["adam", "adamax", "nadam", "amsgrad"] as const).map((name) => ({
    id: name,
    adds: `${TITLES[name]} instead of momentum`,
    network: whole,
    pixels,
    settings: { ...momentum, optimizer: name, rate: ADAPTIVE[name] },
  }));
  const cutout = { ...momentum, augment: { ...MOVED, steps: [CUTOUT] } };
  const noise = { ...momentum, augment: { ...MOVED, steps: [CUTOUT, NOISE] } };
  return [
    { id: "plain", adds: "nothing: SGD on pixels from 0 to 1", network, pixels: RAW, settings: plain },
    { id: "normalisation", adds: "normalisation", network, pixels, settings: plain },
    { id: "augmentation", adds: "augmentation", network, pixels, settings: moved },
    { id: "momentum", adds: "momentum .9, exponential decay", network, pixels, settings: momentum },
    { id: "dropout", adds: "dropout .5", network: withDropout, pixels, settings: momentum },
    { id: "batch-norm", adds: "batch normalisation", network: whole, pixels, settings: momentum },
    ...optimizers,
    { id: "cutout", adds: "cutout, with momentum again", network: whole, pixels, settings: cutout },
    { id: "noise", adds: "noise", network: whole, pixels, settings: noise },
  ];
}

/** The course's network as it begins. */
export function baseline(epochs: number): Step {
  return {
    id: "baseline",
    adds: "nothing: SGD on pixels from 0 to 1",
    network: courseNet({}),
    pixels: RAW,
    settings: { ...PLAIN, epochs },
  };
}

/** Every step of the table in the deeper network, with weight decay and averaged weights. */
export function everything(epochs: number): Step {
  return {
    id: "everything",
    adds: "all of these, weight decay and averaged weights, in four 3x3 convolutions",
    network: deeperNet({ dropout: DEEPER_DROPOUT }),
    pixels: STANDARDISED,
    settings: {
      ...PLAIN,
      ...WITH_MOMENTUM,
      optimizer: "nesterov",
      rate: DEEPER_RATE,
      schedule: { name: "exponential", factor: DEEPER_LAST ** (1 / epochs) },
      warmUpEpochs: 0.5,
      batchSize: DEEPER_BATCH,
      decay: DEEPER_DECAY,
      averageDecay: AVERAGE_DECAY,
      epochs,
      augment: { ...MOVED, steps: [CUTOUT, NOISE] },
    },
  };
}
