import {
  constant,
  cosineRestarts,
  cyclic,
  exponential,
  plateau,
  sgd,
  softmaxCrossEntropy,
} from "../../toolkit/node.ts";
import type { Schedule } from "../../toolkit/node.ts";
import { descend } from "./descend.ts";
import type { Trace } from "./descend.ts";
import { pick } from "./digits.ts";
import { denseNet } from "./nets.ts";
import { smoothed } from "./section.ts";
import type { Lab, Section } from "./section.ts";

const BATCH = 50;
/** Few pictures, so that the accuracy of validation comes to a plateau. */
const PICTURES = 1000;
const EPOCHS = 14;
const TINY_EPOCHS = 7;
const RATE = 0.1;
const FLOOR = 0.01;
const DECAY = 0.99;
/** Epochs without a better accuracy that the plateau puts up with, and what it multiplies the rate by then. */
const PLATEAU = { patience: 1, factor: 0.3 };
/** Double precision, but for the float32 that a rate becomes on its way into the graph. */
const TOLERANCE = 1e-6;

/** What a rate should have been, written down from the formula and not from the code. */
type Expected = readonly (readonly [step: number, rate: number])[];

interface Case {
  readonly name: string;
  readonly schedule: Schedule;
  readonly expected: (trace: Trace, stepsPerEpoch: number) => Expected;
}

/** The rate over a run, five ways: each is trained with, and what was used is compared with its formula. */
export async function schedules({ runtime, sets, tiny, seed }: Lab): Promise<Section> {
  const { labels } = sets.learn;
  const learn = pick(
    sets.learn,
    Int32Array.from({ length: Math.min(PICTURES, labels.length) }, (_, i) => i),
  );
  const stepsPerEpoch = Math.floor(learn.labels.length / BATCH);
  const epochs = tiny ? TINY_EPOCHS : EPOCHS;
  const cases = casesOf(stepsPerEpoch * epochs, stepsPerEpoch);
  const runs = [];
  for (const { name, schedule, expected } of cases) {
    const trace = await descend({
      runtime,
      learn,
      seed,
      epochs,
      schedule,
      graph: denseNet(10, seed),
      loss: softmaxCrossEntropy(),
      optimizer: sgd(),
      batchSize: BATCH,
      validation: sets.validation,
    });
    const points = expected(trace, stepsPerEpoch);
    const error = Math.max(...points.map(([step, rate]) => Math.abs((trace.steps[step]?.rate ?? 0) - rate) / rate));
    runs.push({ name, trace, error, points: points.length });
  }
  const worst = Math.max(...runs.map(({ error }) => error));
  const rates = runs.find(({ name }) => name === "plateau")?.trace.steps.map(({ rate }) => rate) ?? [];
  const reductions = new Set(rates).size - 1;
  const byEpoch = (trace: Trace): readonly (readonly [number, number])[] =>
    trace.epochs.map(({ loss }, i) => [(i + 1) * stepsPerEpoch, loss]);
  return {
    title: "How the rate goes on: schedules",
    note: `Plain gradient descent on ${learn.labels.length} pictures for ${epochs} epochs from a rate of ${RATE}: constant; falling by 1 % at each step; up and down between ${FLOOR} and ${RATE} (cyclic); times ${PLATEAU.factor} where accuracy on validation pictures has stopped getting better (plateau); half cosines, each twice as long as the one before (SGDR).`,
    claims: [
      {
        text: `the rates that were trained with are those of the formulas at the ends and turns of each schedule, to ${TOLERANCE} relative`,
        holds: worst < TOLERANCE,
        figures: runs.map(({ name, error, points }) => `${name} ${error.toExponential(0)} at ${points}`).join(", "),
      },
      {
        text: "the plateau is met: its rate is lowered at least once, and never raised",
        holds: tiny ? undefined : reductions >= 1 && rates.every((rate, i) => rate <= (rates[i - 1] ?? Infinity)),
        figures: `lowered ${reductions} times, to ${rates.at(-1)?.toPrecision(2) ?? "-"}`,
      },
    ],
    figures: [
      {
        kind: "lines",
        title: "Rate of every step",
        xLabel: "step",
        lines: runs.map(({ name, trace }) => ({ name, points: trace.steps.map(({ rate }, i) => [i + 1, rate]) })),
      },
      {
        kind: "lines",
        title: "Loss of training",
        xLabel: "step",
        logY: true,
        lines: runs.map(({ name, trace }) => ({ name, points: smoothed(trace.steps.map(({ loss }) => loss)) })),
      },
      {
        kind: "lines",
        title: "Loss on validation pictures",
        xLabel: "step",
        lines: runs.map(({ name, trace }) => ({ name, points: byEpoch(trace) })),
      },
    ],
  };
}

function casesOf(steps: number, stepsPerEpoch: number): readonly Case[] {
  const last = steps - 1;
  const rise = 2 * stepsPerEpoch;
  // cycles of 1, 2 and 4 parts of seven
  const first = Math.floor(steps / 7);
  return [
    { name: "constant", schedule: constant(RATE), expected: () => [0, 1, last].map((step) => [step, RATE]) },
    {
      name: "decay",
      schedule: exponential(RATE, { factor: DECAY }),
      expected: () => [0, 1, last].map((step) => [step, RATE * Math.exp(step * Math.log(DECAY))]),
    },
    {
      name: "cyclic",
      schedule: cyclic(RATE, { floor: FLOOR, up: rise }),
      expected: () => [
        [0, FLOOR],
        [rise / 2, (FLOOR + RATE) / 2],
        [rise, RATE],
        [2 * rise, FLOOR],
      ],
    },
    {
      name: "plateau",
      schedule: plateau(RATE, PLATEAU),
      expected: (trace) =>
        plateauByHand(trace.epochs.map(({ top1 }) => top1)).map((rate, i) => [i * stepsPerEpoch, rate]),
    },
    {
      name: "SGDR",
      schedule: cosineRestarts(RATE, { first, growth: 2, floor: FLOOR }),
      expected: () => [
        [0, RATE],
        [first, RATE],
        [2 * first, (RATE + FLOOR) / 2],
        [3 * first, RATE],
        [3 * first - 1, FLOOR + (RATE - FLOOR) * Math.sin(Math.PI / (4 * first)) ** 2],
        [5 * first, (RATE + FLOOR) / 2],
      ],
    },
  ];
}

/** The rate of each epoch but the first's successor after the last: lowered where the best of the last epochs is not better than what was best before them. */
function plateauByHand(accuracies: readonly number[]): readonly number[] {
  const rates: number[] = [];
  let [rate, since] = [RATE, 0];
  for (const [i, accuracy] of accuracies.entries()) {
    rates.push(rate);
    const best = Math.max(0, ...accuracies.slice(0, i));
    // better by a ten-thousandth of the best
    since = accuracy > best * 1.0001 ? 0 : since + 1;
    if (since <= PLATEAU.patience) continue;
    rate *= PLATEAU.factor;
    since = 0;
  }
  return rates;
}
