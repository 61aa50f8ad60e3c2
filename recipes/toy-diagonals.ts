/**
 * Dense nets on the smallest pictures there are, and back-propagation by hand.
 *
 * Claims: in the worked example (3 inputs, 2 hidden sigmoids, 2 outputs: 14 weights) the weights after the first step are those of the formulas, to 1e-6,
 * and the error falls; on grey pictures of 2x2 pixels, so are those of a softmax net after the first step of gradient descent, of stochastic gradient
 * descent (K = 1) and of mini-batches, and each of the three learns to tell diagonals from other pictures it has never seen; run in double precision, the
 * gradients of both nets are those of central differences, to 1e-7.
 * Check: npm run recipe toy-diagonals [-- --tiny]
 */
import { parseArgs } from "node:util";
import { mlp } from "../models/mlp.ts";
import { epochOrder } from "../toolkit/data/augment.ts";
import { hash, uniform } from "../toolkit/graph/random.ts";
import {
  constant,
  evaluateBatches,
  float32,
  GraphBuilder,
  nodeRuntime,
  operators,
  scalar,
  sgd,
  softmaxCrossEntropy,
  STEP,
  train,
} from "../toolkit/node.ts";
import type { Evaluation, Graph, Loss, Runtime, Session, Tensors, TrainBatch } from "../toolkit/node.ts";
import { checkInDouble } from "./check-in-double.ts";
import { sayClaims } from "./claim.ts";
import type { Claim } from "./claim.ts";
import { FORWARD, openTraining } from "./open-training.ts";
import { forwardByHand, largestDifference, listed, stepByHand } from "./toy-diagonals/by-hand.ts";
import type { DenseNet, Example } from "./toy-diagonals/by-hand.ts";

/** float32 has a unit in the last place of 2.4e-7 at 2, the largest weight here. */
const TOLERANCE = 1e-6;

/** Pictures that gradients are checked on in double precision, and how exact they must be there. */
const DOUBLE_CHECKED = 16;
const DOUBLE_TOLERANCE = 1e-7;

/** The worked example. What it leaves open of the second output, which no gradient reaches, is chosen so that it says the 0.218 that it is told to. */
const EXAMPLE: Example = { x: [0.15, 0.25, -0.5], target: [1, 0] };
const EXAMPLE_RATE = 0.001;
const EXAMPLE_NET: DenseNet = {
  hidden: [
    [0.1, 2, 0.5],
    [0.3, -0.4, -0.5],
  ],
  hiddenBias: [0.2, -0.3],
  output: [
    [0.1, 1],
    [0.1, -0.5],
  ],
  outputBias: [1.4, -1.1],
};

/** Pictures to learn from, and pictures that are never learnt from; half of each are diagonals. */
const LEARNT = 160;
const UNSEEN = 80;
/** Two diagonals are told apart by no single line: a hidden layer is needed. */
const HIDDEN = 8;
/** Rates are for the summed error of a batch. Gradient descent adds up all pictures, so its rate is smaller, and makes one update an epoch, so it gets more of them. */
const METHODS: readonly Method[] = [
  { name: "gradient descent", k: LEARNT, rate: 0.003, epochs: 3000 },
  { name: "stochastic, K = 1", k: 1, rate: 0.02, epochs: 150 },
  { name: "mini-batches, K = 16", k: 16, rate: 0.02, epochs: 150 },
];
const TINY_EPOCHS = 10;
const LEAST_RIGHT = 0.95;

interface Method {
  readonly name: string;
  /** Pictures that each update is made from. */
  readonly k: number;
  readonly rate: number;
  readonly epochs: number;
}

interface Options {
  readonly runtime: Runtime;
  readonly say: (line: string) => void;
  readonly tiny: boolean;
}

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { tiny: { type: "boolean", default: false } } });
  const claims = await toyDiagonals({ runtime: nodeRuntime, say: (line) => console.log(line), tiny: values.tiny });
  if (!sayClaims(claims, (line) => console.log(line))) process.exitCode = 1;
}

export async function toyDiagonals(options: Options): Promise<readonly Claim[]> {
  return [...(await workedExample(options)), ...(await diagonals(options)), await gradientsInDouble(options)];
}

/** The gradients of both nets against central differences, where nothing is rounded to seven digits. */
async function gradientsInDouble({ runtime, say }: Options): Promise<Claim> {
  say("\n3. Gradients in double precision, against central differences");
  const example = {
    inputs: new Map([["input", float32([1, EXAMPLE.x.length], EXAMPLE.x)]]),
    labels: Int32Array.of(0),
    weight: Float32Array.of(1),
  };
  const checks = [["worked example", exampleGraph(EXAMPLE_NET), ofProbabilities, example]] as const;
  let worst = 0;
  for await (const pictures of inBatches(draw(DOUBLE_CHECKED, 1), epochOrder(DOUBLE_CHECKED, 0, 0), DOUBLE_CHECKED)) {
    const net = ["softmax net", diagonalNet(), softmaxCrossEntropy(), pictures] as const;
    for (const [name, graph, loss, batch] of [...checks, net]) {
      const errors = (await checkInDouble(graph, { runtime, loss, batch })).map(({ error }) => error);
      worst = Math.max(worst, ...errors);
      say(`   ${name.padEnd(16)} ${errors.map((error) => error.toExponential(1)).join("  ")}`);
    }
  }
  return {
    text: `in double precision the gradients of both nets are those of central differences, to ${DOUBLE_TOLERANCE.toExponential(0)} relative`,
    holds: worst < DOUBLE_TOLERANCE,
    figures: `the worst is off by ${worst.toExponential(1)}`,
  };
}

/** One step of the 14 weights, by the formulas and by the graph. */
async function workedExample({ runtime, say }: Options): Promise<readonly Claim[]> {
  const { hidden, probabilities, error } = forwardByHand(EXAMPLE_NET, EXAMPLE, "sigmoid and sigmoid");
  say("1. The worked example, forward");
  say(`   hidden layer  ${hidden.map((h) => h.toFixed(3)).join("  ")}`);
  // the course prints 0.05858, which is the decimal logarithm; its gradients are those of the natural one
  say(`   outputs       ${probabilities.map((p) => p.toFixed(3)).join("  ")}   error ${error.toFixed(5)}`);

  const byHand = stepByHand(EXAMPLE_NET, [EXAMPLE], EXAMPLE_RATE, "sigmoid and sigmoid");
  const byGraph = await exampleStep(runtime, EXAMPLE_RATE);
  // a rate of 1 shows the gradients themselves, of which most are too small to be seen behind a weight of 2
  const whole = stepByHand(EXAMPLE_NET, [EXAMPLE], 1, "sigmoid and sigmoid");
  const wholeByGraph = await exampleStep(runtime, 1);

  say("   and backward");
  say("   weight     before          gradient         after, by hand   after, by the graph");
  const [gradients, after, graph] = [byHand.gradient, byHand.after, byGraph.net].map(listed);
  for (const [i, { name, value }] of listed(EXAMPLE_NET).entries()) {
    const cells = [gradients, after, graph].map((list) => list?.[i]?.value.toFixed(9).padStart(16));
    say(`   ${name.padEnd(6)} ${value.toFixed(6).padStart(10)} ${cells.join(" ")}`);
  }
  const next = forwardByHand(byHand.after, EXAMPLE, "sigmoid and sigmoid").error;
  const differences = [largestDifference(byHand.after, byGraph.net), largestDifference(whole.after, wholeByGraph.net)];
  return [
    {
      text: `the 14 weights after a step are those of the formulas, to ${TOLERANCE.toExponential(0)}, at the rates ${EXAMPLE_RATE} and 1`,
      holds: Math.max(...differences) < TOLERANCE,
      figures: `largest differences ${differences.map((d) => d.toExponential(1)).join(" and ")}`,
    },
    {
      text: "the step makes the error smaller",
      holds: next < error && Math.abs(byGraph.error - error) < TOLERANCE,
      figures: `${error.toFixed(6)} before (the graph says ${byGraph.error.toFixed(6)}), ${next.toFixed(6)} after`,
    },
  ];
}

/** The categorical cross-entropy of the course: of outputs that are probabilities already. */
const ofProbabilities: Loss = {
  name: "cross-entropy-of-probabilities",
  emit({ b, logits, target, divisor }) {
    const terms = b.op("Mul", [target, b.op("Log", [logits])]);
    const error = b.op("Neg", [b.op("ReduceSum", [terms, b.ints([0, 1])], { keepdims: 0 })]);
    return b.op("Div", [error, divisor]);
  },
};

async function exampleStep(
  runtime: Runtime,
  rate: number,
): Promise<{ readonly net: DenseNet; readonly error: number }> {
  const training = await openTraining(exampleGraph(EXAMPLE_NET), { runtime, loss: ofProbabilities, optimizer: sgd() });
  try {
    const out = await training.session.run({
      feeds: new Map([
        ["input", float32([1, EXAMPLE.x.length], EXAMPLE.x)],
        [STEP.target, float32([1, EXAMPLE.target.length], EXAMPLE.target)],
        [STEP.weight, float32([1], [1])],
        [STEP.divisor, scalar(1)],
        [STEP.rate, scalar(rate)],
      ]),
      fetch: [STEP.loss],
    });
    return { net: await readNet(training.session), error: Number(out.get(STEP.loss)?.data[0]) };
  } finally {
    await training.session.release();
  }
}

/** The net as a graph: two dense layers, each with a sigmoid. */
function exampleGraph({ hidden, hiddenBias, output, outputBias }: DenseNet): Graph {
  const b = new GraphBuilder(operators);
  let x = b.input("input", "float32", ["N", EXAMPLE.x.length]);
  for (const [name, rows, bias] of [["fc1", hidden, hiddenBias] as const, ["fc2", output, outputBias] as const]) {
    const weight = b.constant(float32([rows.length, Number(x.shape[1])], rows.flat()), `${name}.weight`);
    const sum = b.op("Gemm", [x, weight, b.constant(float32([bias.length], bias), `${name}.bias`)], { transB: 1 });
    x = b.op("Sigmoid", [sum]);
  }
  return b.build([x]);
}

/** The weights that a session holds. */
async function readNet(session: Session): Promise<DenseNet> {
  return netOf(await session.get(["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"]));
}

function netOf(weights: Tensors): DenseNet {
  const list = (name: string): number[] => Array.from(weights.get(name)?.data as Float32Array);
  const rows = (name: string): number[][] => {
    const width = weights.get(name)?.shape[1] ?? 1;
    const all = list(name);
    return Array.from({ length: all.length / width }, (_, i) => all.slice(i * width, (i + 1) * width));
  };
  return {
    hidden: rows("fc1.weight"),
    hiddenBias: list("fc1.bias"),
    output: rows("fc2.weight"),
    outputBias: list("fc2.bias"),
  };
}

/** The three ways down, on the same pictures and from the same weights. */
async function diagonals(options: Options): Promise<readonly Claim[]> {
  const { say, tiny } = options;
  say(`\n2. Diagonals in pictures of 2x2 pixels: ${LEARNT} to learn from, ${UNSEEN} unseen`);
  say("   method                  epochs updates    error  right unseen  first step differs by");
  const results = [];
  for (const method of METHODS) {
    const epochs = tiny ? TINY_EPOCHS : method.epochs;
    const result = await descend({ ...method, epochs }, options);
    const { updates, learnt, unseen, difference } = result;
    const shares = [learnt, unseen].map(({ top1 }) => top1.toFixed(3).padStart(6));
    const cells = [epochs, updates]
      .map((n) => String(n).padStart(7))
      .concat(learnt.loss.toFixed(4).padStart(8), shares);
    say(`   ${method.name.padEnd(22)} ${cells.join(" ")}   ${difference.toExponential(1)}`);
    results.push(result);
  }
  const difference = Math.max(...results.map((r) => r.difference));
  const least = Math.min(...results.map(({ unseen }) => unseen.top1));
  return [
    {
      text: `the weights of the softmax net after the first step of each method are those of the formulas, to ${TOLERANCE.toExponential(0)}`,
      holds: difference < TOLERANCE,
      figures: `largest difference ${difference.toExponential(1)}`,
    },
    {
      text: `each method tells at least ${LEAST_RIGHT} of the unseen pictures right`,
      holds: tiny ? undefined : least >= LEAST_RIGHT,
      figures: `the least is ${least.toFixed(3)}`,
    },
  ];
}

function diagonalNet(): Graph {
  return mlp({ classes: 2, sizePx: 2, channels: 1, hidden: [HIDDEN], initial: "he-normal", seed: 1 });
}

interface Descent {
  readonly updates: number;
  readonly learnt: Evaluation;
  readonly unseen: Evaluation;
  /** Between the weights after the first step and the formulas. */
  readonly difference: number;
}

async function descend({ k, rate, epochs }: Method, { runtime }: Options): Promise<Descent> {
  const pictures = draw(LEARNT, 1);
  const graph = diagonalNet();
  const { session, logits, classes } = await openTraining(graph, {
    runtime,
    loss: softmaxCrossEntropy(),
    optimizer: sgd(),
  });
  try {
    const first = pictures.filter((_, i) => epochOrder(LEARNT, 0, 0).indexOf(i) < k);
    const byHand = stepByHand(netOf(graph.constants), first, rate, "ReLU and softmax").after;
    let difference = Infinity;
    let updates = 0;
    const batches = (epoch: number): AsyncIterable<TrainBatch> => inBatches(pictures, epochOrder(LEARNT, 0, epoch), k);
    const stepsPerEpoch = LEARNT / k;
    // the step divides by the rows of its batch; the formulas add them up
    const schedule = constant(rate * k);
    for await (const event of train({ session, logits, classes, batches, stepsPerEpoch, epochs, schedule })) {
      updates = event.progress.step;
      if (event.kind === "step" && event.step === 1) difference = largestDifference(byHand, await readNet(session));
    }
    const score = (set: readonly Picture[]): Promise<Evaluation> =>
      evaluateBatches(session, inBatches(set, Array.from(set.keys()), set.length), { program: FORWARD, logits });
    return { updates, difference, learnt: await score(pictures), unseen: await score(draw(UNSEEN, 2)) };
  } finally {
    await session.release();
  }
}

interface Picture extends Example {
  readonly label: number;
}

/** Which pixels are bright, from the top left row by row. */
const DIAGONALS = [0b1001, 0b0110];
const OTHERS = Array.from({ length: 16 }, (_, bits) => bits).filter((bits) => !DIAGONALS.includes(bits));

/** Grey pictures, bright pixels from 155 and dark ones to 100, every other one a diagonal: flat, and divided by 255. */
function draw(count: number, seed: number): readonly Picture[] {
  return Array.from({ length: count }, (_, i) => {
    const label = i % 2;
    const kinds = label === 0 ? DIAGONALS : OTHERS;
    const bits = kinds[hash(seed, i) % kinds.length] ?? 0;
    const grey = [8, 4, 2, 1].map((bit, pixel) => (bits & bit ? 155 : 0) + Math.floor(uniform(seed, i, pixel) * 101));
    return { x: grey.map((v) => v / 255), target: label === 0 ? [1, 0] : [0, 1], label };
  });
}

/** Batches of k pictures in this order. */
async function* inBatches(
  pictures: readonly Picture[],
  order: ArrayLike<number>,
  k: number,
): AsyncGenerator<TrainBatch, void> {
  for (let start = 0; start < order.length; start += k) {
    const indices = Int32Array.from(order).subarray(start, start + k);
    const rows = Array.from(indices, (i) => pictures[i] as Picture);
    yield {
      inputs: new Map([
        [
          "input",
          float32(
            [rows.length, 1, 2, 2],
            rows.flatMap(({ x }) => x),
          ),
        ],
      ]),
      labels: Int32Array.from(rows, ({ label }) => label),
      weight: new Float32Array(rows.length).fill(1),
      count: rows.length,
      indices,
      position: start + rows.length,
    };
  }
}
