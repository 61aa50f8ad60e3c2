/**
 * The two-layer net of Stanford's course CS231n on CIFAR-10: W2 max(0, W1 x + b1) + b2 on raw pixels less the mean picture, with L2 regularisation.
 *
 * Claims: the gradients are those of central differences of a loss in double precision, to 1e-5 relative, and to 1e-7 where the graph runs in double precision too; with settings found by a random search on
 * logarithmic scales, more than half of the 10,000 test pictures are told right. The test pictures choose nothing.
 * Check: npm run recipe two-layer-net -- DATA [--out FOLDER] [--seed 0], or -- --tiny for made-up pictures, on which the second claim is not judged
 *
 * DATA is the folder of CIFAR-10's binary version. The first layer's weights are drawn into FOLDER/first-layer.png, the figures go into result.json.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { twoLayerNet } from "../models/two-layer-net.ts";
import { epochOrder } from "../toolkit/data/augment.ts";
import { uniform } from "../toolkit/graph/random.ts";
import { encodePng } from "../toolkit/report/picture.ts";
import {
  errorCode,
  evaluateBatches,
  float32,
  nodeRuntime,
  sgd,
  softmaxCrossEntropy,
  ToolkitError,
  train,
} from "../toolkit/node.ts";
import type { Evaluation, Runtime, Tensors, TrainBatch } from "../toolkit/node.ts";
import { sayClaims } from "./claim.ts";
import type { Claim } from "./claim.ts";
import { FORWARD, openTraining } from "./open-training.ts";
import type { Training } from "./open-training.ts";
import { checkGradient, checkGradientInDouble } from "./two-layer-net/check-gradient.ts";
import { drawFilters } from "./two-layer-net/draw-filters.ts";
import { drawPictures, pick, PICTURE, readCifar10, SIDE_PX } from "./two-layer-net/pictures.ts";
import type { Pictures } from "./two-layer-net/pictures.ts";
import { circumstances } from "./write-results.ts";

const CLASSES = 10;
const BATCH = 200;
/** Pictures that settings are chosen by: 49,000 remain to learn from. */
const VALIDATION = 1000;
/** Nearly nothing, so that all classes are equally likely at first. */
const INITIAL_DEVIATION = 1e-4;
/** What the rate is multiplied by after each epoch. */
const RATE_DECAY = 0.9;

/** Raw pixels are numbers up to 128, so rates are small. All are drawn on a log scale: between a hundredth and a tenth lies as much as between a tenth and one. */
const WIDE: Ranges = { rate: [2e-4, 3e-3], regularisation: [1e-2, 1], hidden: [100, 500] };
/** The second round draws this near to the best of the first: a factor in both directions. */
const NARROW = 1.6;
const FULL: Plan = { wide: 5, narrow: 3, searchEpochs: 2, epochs: 14 };
const TINY: Plan = { wide: 2, narrow: 1, searchEpochs: 1, epochs: 2 };

const GRADIENT_TOLERANCE = 1e-5;
const DOUBLE_TOLERANCE = 1e-7;
const LEAST_RIGHT = 0.5;

interface Plan {
  /** Settings that are tried in the first round, and in the second. */
  readonly wide: number;
  readonly narrow: number;
  /** Epochs of each of them, and of the net that is kept. */
  readonly searchEpochs: number;
  readonly epochs: number;
}

interface Setting {
  readonly rate: number;
  /** Times the sum of the squared weights. */
  readonly regularisation: number;
  readonly hidden: number;
}
type Ranges = Readonly<Record<keyof Setting, readonly [number, number]>>;

export interface TwoLayerNetOptions {
  readonly runtime: Runtime;
  readonly say: (line: string) => void;
  /** CIFAR-10; made-up pictures and a small plan where absent. */
  readonly data?: string;
  readonly out: string;
  readonly seed?: number;
}

export async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      tiny: { type: "boolean", default: false },
      out: { type: "string", default: join("runs", "two-layer-net") },
      seed: { type: "string", default: "0" },
    },
  });
  const [data] = positionals;
  if (data === undefined && !values.tiny) {
    throw new ToolkitError("E_USAGE", "Cannot start: expected the folder of CIFAR-10, or --tiny", {
      hint: "npm run recipe two-layer-net -- DATA, where DATA has data_batch_1.bin and others; or -- --tiny",
    });
  }
  const say = (line: string): void => console.log(line);
  const source = data === undefined || values.tiny ? {} : { data };
  const claims = await learnTwoLayers({
    ...source,
    runtime: nodeRuntime,
    say,
    out: values.out,
    seed: Number(values.seed),
  });
  if (!sayClaims(claims, say)) process.exitCode = 1;
}

export async function learnTwoLayers({
  runtime,
  say,
  data,
  out,
  seed = 0,
}: TwoLayerNetOptions): Promise<readonly Claim[]> {
  const started = performance.now();
  say("1. Gradients, against differences of the loss in double precision");
  const gradients = await checkGradient(runtime);
  for (const { parameter, error } of gradients) say(`   ${parameter.padEnd(12)} ${error.toExponential(1)}`);
  const worst = Math.max(...gradients.map(({ error }) => error));
  const inDouble = await checkGradientInDouble(runtime);
  const worstInDouble = Math.max(...inDouble.map(({ error }) => error));
  say(`   the whole graph in double precision: ${worstInDouble.toExponential(1)} at the most`);

  const sets = data === undefined ? madeUp() : await cifar10(data, seed);
  const plan = data === undefined ? TINY : FULL;
  const lab = { ...sets, runtime, say, seed };
  const count = (set: Pictures): string => set.labels.length.toLocaleString("en");
  say(`\n2. Random search: ${count(sets.learn)} pictures to learn from, ${count(sets.validation)} to choose by`);
  const best = await search(lab, plan);

  say(`\n3. The best for ${plan.epochs} epochs: ${text(best)}`);
  const { validation, weights, test } = await learnAndTest(lab, best, plan.epochs);
  const picture = join(out, "first-layer.png");
  await mkdir(out, { recursive: true });
  await writeFile(picture, await encodePng(drawFilters(weights.get("fc1.weight"), SIDE_PX)));
  const seconds = Math.round((performance.now() - started) / 1000);
  const figures = { gradients, inDouble, setting: best, validation: validation.top1, test: test.top1, seed, seconds };
  await writeFile(join(out, "result.json"), `${JSON.stringify({ ...figures, ...circumstances() }, undefined, 2)}\n`);
  say(`   what the hidden units look for: ${picture}`);
  return [
    {
      text: `the gradients are those of central differences, to ${GRADIENT_TOLERANCE.toExponential(0)} relative`,
      holds: worst < GRADIENT_TOLERANCE,
      figures: `the worst is off by ${worst.toExponential(1)}`,
    },
    {
      text: `so they are where the graph itself runs in double precision, to ${DOUBLE_TOLERANCE.toExponential(0)} relative`,
      holds: worstInDouble < DOUBLE_TOLERANCE,
      figures: `the worst is off by ${worstInDouble.toExponential(1)}`,
    },
    {
      text: `more than ${100 * LEAST_RIGHT} % of the test pictures are told right`,
      holds: data === undefined ? undefined : test.top1 > LEAST_RIGHT,
      figures: `${(100 * test.top1).toFixed(1)} % of ${count(sets.test)} (validation ${(100 * validation.top1).toFixed(1)} %), seed ${seed}, ${seconds} s in all`,
    },
  ];
}

interface Sets {
  readonly learn: Pictures;
  readonly validation: Pictures;
  readonly test: Pictures;
  /** Of the pictures to learn from. */
  readonly mean: Float32Array;
}

async function cifar10(folder: string, seed: number): Promise<Sets> {
  const { train: all, test } = await readCifar10(folder);
  // files may be sorted by class
  const order = epochOrder(all.labels.length, seed, 0);
  const learn = pick(all, order.subarray(VALIDATION));
  return { learn, validation: pick(all, order.subarray(0, VALIDATION)), test, mean: meanPicture(learn) };
}

function madeUp(): Sets {
  const learn = drawPictures(400, 1);
  return { learn, validation: drawPictures(100, 2), test: drawPictures(100, 3), mean: meanPicture(learn) };
}

function meanPicture({ planes, labels }: Pictures): Float32Array {
  const sums = new Float64Array(PICTURE);
  for (let at = 0; at < planes.length; at++) sums[at % PICTURE] = (sums[at % PICTURE] ?? 0) + (planes[at] ?? 0);
  return Float32Array.from(sums, (sum) => sum / labels.length);
}

interface Lab extends Sets {
  readonly runtime: Runtime;
  readonly say: (line: string) => void;
  readonly seed: number;
}

/** Draws settings from wide ranges, then near the best of them. */
async function search(lab: Lab, { wide, narrow, searchEpochs: epochs }: Plan): Promise<Setting> {
  let best: { readonly setting: Setting; readonly top1: number } | undefined;
  for (let draw = 0; draw < wide + narrow; draw++) {
    const ranges = draw < wide || !best ? WIDE : around(best.setting);
    const setting = drawSetting(ranges, lab.seed, draw);
    const top1 = (await learnable(lab, setting, epochs))?.validation.top1 ?? 0;
    lab.say(`   ${text(setting)}   ${(100 * top1).toFixed(1)} %`);
    if (!best || top1 > best.top1) best = { setting, top1 };
  }
  if (!best) throw new Error("no setting was tried");
  return best.setting;
}

/** Nothing for a setting with which training diverges. */
async function learnable(lab: Lab, setting: Setting, epochs: number): Promise<Learnt | undefined> {
  try {
    return await tryOut(lab, setting, epochs);
  } catch (error) {
    if (errorCode(error) !== "E_NONFINITE_LOSS") throw error;
    return undefined;
  }
}

function drawSetting(ranges: Ranges, seed: number, draw: number): Setting {
  const number = (what: keyof Setting, stream: number): number => {
    const [low, high] = ranges[what];
    return low * (high / low) ** uniform(seed, stream, draw);
  };
  return {
    rate: number("rate", 1),
    regularisation: number("regularisation", 2),
    hidden: Math.round(number("hidden", 3)),
  };
}

function around({ rate, regularisation, hidden }: Setting): Ranges {
  const near = (value: number): readonly [number, number] => [value / NARROW, value * NARROW];
  return { rate: near(rate), regularisation: near(regularisation), hidden: near(hidden) };
}

function text({ rate, regularisation, hidden }: Setting): string {
  return `rate ${rate.toExponential(1)}  regularisation ${regularisation.toExponential(1)}  hidden ${String(hidden).padStart(3)}`;
}

interface Learnt {
  /** Of the epoch that was best on the validation pictures. */
  readonly validation: Evaluation;
  readonly weights: Tensors;
}

/** Nothing is told of it while it goes on. */
async function tryOut(lab: Lab, setting: Setting, epochs: number): Promise<Learnt> {
  const training = await openNet(lab, setting);
  try {
    return await bestEpoch({ ...lab, say: () => {} }, training, setting, epochs);
  } finally {
    await training.session.release();
  }
}

/** The test pictures are asked once, with the weights that are kept. */
async function learnAndTest(
  lab: Lab,
  setting: Setting,
  epochs: number,
): Promise<Learnt & { readonly test: Evaluation }> {
  const training = await openNet(lab, setting);
  try {
    const learnt = await bestEpoch(lab, training, setting, epochs);
    await training.session.set(learnt.weights);
    return { ...learnt, test: await score(training, lab.test, lab.mean) };
  } finally {
    await training.session.release();
  }
}

function openNet({ runtime, seed }: Lab, { hidden, regularisation }: Setting): Promise<Training> {
  return openTraining(twoLayerNet({ classes: CLASSES, hidden, initial: INITIAL_DEVIATION, seed }), {
    runtime,
    loss: softmaxCrossEntropy(),
    // the gradient of the sum of squares is twice the weight
    optimizer: sgd({ decay: 2 * regularisation }),
  });
}

async function bestEpoch(lab: Lab, training: Training, { rate }: Setting, epochs: number): Promise<Learnt> {
  const { seed, mean, say } = lab;
  const { session, logits, classes, parameters } = training;
  const count = lab.learn.labels.length;
  const stepsPerEpoch = Math.ceil(count / BATCH);
  let best: Learnt | undefined;
  const events = train({
    session,
    logits,
    classes,
    batches: (epoch) => inBatches(lab.learn, mean, epochOrder(count, seed, epoch + 1)),
    stepsPerEpoch,
    epochs,
    schedule: ({ step }) => rate * RATE_DECAY ** Math.floor(step / stepsPerEpoch),
    evaluate: () => score(training, lab.validation, mean),
  });
  for await (const event of events) {
    const { evaluation } = event.kind === "epoch" ? event : {};
    if (event.kind !== "epoch" || !evaluation) continue;
    const shares = `learnt ${(100 * event.trainAccuracy).toFixed(1)} %  validation ${(100 * evaluation.top1).toFixed(1)} %`;
    say(`   epoch ${String(event.epoch).padStart(2)}  loss ${event.trainLoss.toFixed(3)}  ${shares}`);
    if (best && evaluation.top1 <= best.validation.top1) continue;
    best = { weights: await session.get(parameters), validation: evaluation };
  }
  if (!best) throw new Error("no epoch was trained");
  return best;
}

function score({ session, logits }: Training, set: Pictures, mean: Float32Array): Promise<Evaluation> {
  const order = Array.from(set.labels.keys());
  return evaluateBatches(session, inBatches(set, mean, order), { program: FORWARD, logits });
}

/** Pictures in this order, less the mean picture. */
async function* inBatches(
  { planes, labels }: Pictures,
  mean: Float32Array,
  order: ArrayLike<number>,
): AsyncGenerator<TrainBatch, void> {
  for (let start = 0; start < order.length; start += BATCH) {
    const indices = Int32Array.from({ length: Math.min(BATCH, order.length - start) }, (_, i) => order[start + i] ?? 0);
    const count = indices.length;
    const data = new Float32Array(count * PICTURE);
    for (const [row, index] of indices.entries()) {
      const [from, to] = [index * PICTURE, row * PICTURE];
      for (let i = 0; i < PICTURE; i++) data[to + i] = (planes[from + i] ?? 0) - (mean[i] ?? 0);
    }
    yield {
      inputs: new Map([["input", float32([count, 3, SIDE_PX, SIDE_PX], data)]]),
      labels: Int32Array.from(indices, (index) => labels[index] ?? 0),
      weight: new Float32Array(count).fill(1),
      count,
      indices,
      position: start + count,
    };
  }
}
