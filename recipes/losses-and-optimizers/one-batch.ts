import {
  adam,
  batchAllTriplet,
  batchContrastive,
  cosine,
  meanAbsoluteError,
  meanSquaredError,
  multiClassHinge,
  softmaxCrossEntropy,
} from "../../toolkit/node.ts";
import type { Graph, Loss } from "../../toolkit/node.ts";
import { descend } from "./descend.ts";
import { pick } from "./digits.ts";
import type { Digits } from "./digits.ts";
import { CLASSES, classesAndNumbers, NUMBERS, ofRows } from "./losses.ts";
import { denseNet, embeddingNet } from "./nets.ts";
import { withClassRows, withNumbers } from "./numbers.ts";
import type { Lab, Section } from "./section.ts";

const PICTURES = 32;
const STEPS = 150;
const TINY_STEPS = 20;
const RATE = 3e-3;
/** Of the loss at the start, what may be left. */
const LEFT = 0.01;
/** Of an embedding; one at least for each class. */
export const WIDTH = 16;

interface Case {
  readonly name: string;
  readonly loss: Loss;
  readonly graph: Graph;
  readonly learn: Digits;
}

/** Every loss on one mini-batch, over and over: what cannot be learnt by heart cannot be learnt at all. */
export async function oneBatch({ runtime, sets, raw, tiny, seed }: Lab): Promise<Section> {
  const steps = tiny ? TINY_STEPS : STEPS;
  const first = Int32Array.from({ length: PICTURES }, (_, i) => i);
  const plain = pick(sets.learn, first);
  const numbers = pick(withNumbers(sets, raw).learn, first);
  const joint = CLASSES + NUMBERS;
  const cases: readonly Case[] = [
    { name: "cross-entropy", loss: softmaxCrossEntropy(), graph: denseNet(CLASSES, seed), learn: plain },
    { name: "hinge", loss: multiClassHinge(), graph: denseNet(CLASSES, seed), learn: plain },
    { name: "squared error (MSE)", loss: meanSquaredError(), graph: denseNet(NUMBERS, seed), learn: numbers },
    { name: "absolute error (L1)", loss: meanAbsoluteError(), graph: denseNet(NUMBERS, seed), learn: numbers },
    {
      name: "classes and numbers",
      loss: classesAndNumbers(1),
      graph: denseNet(joint, seed),
      learn: withClassRows(numbers, joint),
    },
    { name: "contrastive", loss: ofRows(batchContrastive()), graph: embeddingNet(WIDTH, seed), learn: plain },
    { name: "triplet", loss: ofRows(batchAllTriplet()), graph: embeddingNet(WIDTH, seed), learn: plain },
  ];
  const runs = [];
  for (const { name, ...own } of cases) {
    const trace = await descend({
      ...own,
      runtime,
      seed,
      batchSize: PICTURES,
      epochs: steps,
      optimizer: adam(),
      schedule: cosine(RATE),
    });
    const losses = trace.steps.map(({ loss }) => loss);
    runs.push({ name, losses, trace, left: (losses.at(-1) ?? Infinity) / (losses[0] ?? 0) });
  }
  const worst = Math.max(...runs.map(({ left }) => left));
  // a loss of 0 has no place on a logarithmic scale
  const floor = 1e-6;
  const share = (values: readonly number[]): readonly (readonly [number, number])[] =>
    values.flatMap((v, i) => (i % 3 === 0 ? [[i + 1, Math.max(floor, v / (values[0] ?? 1))] as const] : []));
  return {
    title: "One mini-batch by heart",
    note: `${PICTURES} pictures, ${steps} steps of Adam. A network that cannot bring the loss of one mini-batch to nothing has a fault that more data will not cure.`,
    claims: [
      {
        text: `each of the ${cases.length} losses falls below ${100 * LEFT} % of what it was`,
        holds: tiny ? undefined : worst < LEFT,
        figures: runs.map(({ name, left }) => `${name} ${(100 * left).toPrecision(2)} %`).join(", "),
      },
    ],
    figures: [
      {
        kind: "lines",
        title: "Loss, as a share of the first",
        xLabel: "step",
        logY: true,
        lines: runs.map(({ name, losses }) => ({ name, points: share(losses) })),
      },
      {
        kind: "lines",
        title: "Norm of all gradients, as a share of the first",
        xLabel: "step",
        logY: true,
        lines: runs.map(({ name, trace }) => ({
          name,
          points: share(trace.steps.map(({ gradients }) => Math.hypot(...gradients))),
        })),
      },
    ],
  };
}
