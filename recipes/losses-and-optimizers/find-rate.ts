import { epochOrder } from "../../toolkit/data/augment.ts";
import {
  buildStep,
  constant,
  encodeModel,
  errorCode,
  lower,
  operators,
  parametersOf,
  sgd,
  softmaxCrossEntropy,
} from "../../toolkit/node.ts";
import { repeat } from "../../toolkit/lowering/repeat.ts";
import type { Graph, RateTest, Runtime, Session, Tensors } from "../../toolkit/node.ts";
import { findRate } from "../../toolkit/train/rate-finder.ts";
import { descend } from "./descend.ts";
import { inBatches } from "./digits.ts";
import { CLASSES } from "./losses.ts";
import { denseNet } from "./nets.ts";
import { mean, smoothed } from "./section.ts";
import type { Lab, Point, Section } from "./section.ts";

const BATCH = 64;
const STEPS = 100;
const TINY_STEPS = 40;
/** As the course has it: from next to nothing, up at every mini-batch. */
const [FROM, TO] = [1e-7, 100];
/** Rates that the suggestion is compared with: so many times lower and higher. */
const [LOWER, HIGHER] = [100, 1000];
/** A rate learns where the loss falls below this share of the first. */
const LEARNT = 0.7;
/** Steps of the trainings that judge it. */
const JUDGED = 60;
const TINY_JUDGED = 6;

/** A range test of the rate, and trainings at what it suggests, far below and far above. */
export async function rateFinder(lab: Lab): Promise<Section> {
  const { test, unchanged } = await rangeTest(lab);
  const steps = lab.tiny ? TINY_JUDGED : JUDGED;
  const { suggestion, steepest, lowest, points } = test;
  const rates = suggestion === undefined ? [] : [suggestion / LOWER, suggestion, suggestion * HIGHER];
  const runs = [];
  for (const rate of rates) runs.push({ rate, losses: await lossesAt(lab, rate, steps) });
  // a training that ends in no number is as bad as can be
  const ends = runs.map(({ losses }) => (losses.length < steps ? Infinity : mean(losses.slice(-10))));
  const [below = Infinity, at = Infinity, above = Infinity] = ends;
  const goal = LEARNT * (runs[0]?.losses[0] ?? 0);
  const least = Math.min(...points.map((point) => point.smoothed));
  const top = 2 * (points[0]?.smoothed ?? 1);
  const marks = [
    ["suggested", suggestion],
    ["steepest", steepest],
    ["lowest", lowest],
  ] as const;
  return {
    title: "How large a step: the rate finder",
    note: `The rate grows from ${FROM} at every mini-batch until the loss explodes; the weights are put back afterwards. Suggested is a tenth of the rate at which the smoothed loss is lowest; the course takes the one at which it falls fastest.`,
    claims: [
      {
        text: "the range test puts every weight back to the bit",
        holds: unchanged,
        figures: unchanged ? "no weight differs" : "weights differ",
      },
      {
        text: `at the suggested rate, plain gradient descent brings the loss below ${LEARNT} of the first in ${steps} steps; at a rate ${LOWER} times lower it does not, nor at one ${HIGHER} times higher`,
        holds: lab.tiny ? undefined : at < goal && below >= goal && above >= goal,
        figures: runs.map(({ rate }, i) => `${rate.toPrecision(2)}: loss ${(ends[i] ?? 0).toFixed(3)}`).join(", "),
      },
    ],
    figures: [
      {
        kind: "lines",
        title: "Range test: loss by rate",
        xLabel: "rate",
        logX: true,
        lines: [
          {
            name: "each step",
            points: within(
              points.map((p): Point => [p.rate, p.loss]),
              [least / 2, top],
            ),
          },
          {
            name: "smoothed",
            points: within(
              points.map((p): Point => [p.rate, p.smoothed]),
              [0, top],
            ),
          },
        ],
        marks: marks.flatMap(([label, x]) => (x === undefined ? [] : [{ x, label }])).toSorted((a, b) => a.x - b.x),
      },
      {
        kind: "lines",
        title: "Trained at the suggested rate, below and above",
        xLabel: "step",
        lines: runs.map(({ rate, losses }) => ({
          name: rate.toPrecision(2),
          points: smoothed(losses.map((loss) => Math.min(loss, top))),
        })),
      },
    ],
  };
}

/** The loss explodes at the end: what is drawn of it is what the eye can compare. */
function within(points: readonly Point[], [low, high]: readonly [number, number]): readonly Point[] {
  return points.filter(([, y]) => y >= low && y <= high);
}

async function rangeTest({ runtime, sets, seed, tiny }: Lab): Promise<{ test: RateTest; unchanged: boolean }> {
  const { learn } = sets;
  const { session, state } = await openRepeated(denseNet(CLASSES, seed), runtime);
  try {
    const before = await session.get(state);
    const test = findRate({
      session,
      state,
      logits: "logits",
      classes: CLASSES,
      batches: (epoch) => inBatches(learn, epochOrder(learn.labels.length, seed, epoch), BATCH),
      stepsPerEpoch: Math.floor(learn.labels.length / BATCH),
      updates: tiny ? TINY_STEPS : STEPS,
      from: FROM,
      to: TO,
    });
    let item = await test.next();
    while (!item.done) item = await test.next();
    return { test: item.value, unchanged: equal(before, await session.get(state)) };
  } finally {
    await session.release();
  }
}

/** A training of several steps in a run, which is what the rate finder asks for. */
async function openRepeated(
  graph: Graph,
  runtime: Runtime,
): Promise<{ readonly session: Session; readonly state: readonly string[] }> {
  const settings = { parameters: parametersOf(graph), logits: "logits", loss: softmaxCrossEntropy(), optimizer: sgd() };
  const step = buildStep(graph, settings, operators);
  const repeated = repeat(lower(step.graph, { provider: "cpu", dims: new Map() }), step.state);
  const model = encodeModel({ graph: repeated, opsets: new Map([["", 17]]), metadata: new Map() });
  const session = await runtime.load(model, { state: step.state });
  await session.set(step.initial);
  return { session, state: [...step.state.keys()] };
}

function equal(a: Tensors, b: Tensors): boolean {
  return [...a].every(([name, { data }]) => {
    const other = b.get(name)?.data;
    return other !== undefined && data.every((v: number | bigint, i: number) => Object.is(v, other[i]));
  });
}

/** As many losses as there were before one was no number. */
async function lossesAt({ runtime, sets, seed }: Lab, rate: number, steps: number): Promise<readonly number[]> {
  const learn = sets.learn;
  const losses: number[] = [];
  try {
    const trace = await descend({
      runtime,
      learn,
      seed,
      graph: denseNet(CLASSES, seed),
      loss: softmaxCrossEntropy(),
      optimizer: sgd(),
      schedule: constant(rate),
      batchSize: BATCH,
      steps,
      epochs: Math.ceil(steps / Math.floor(learn.labels.length / BATCH)),
    });
    losses.push(...trace.steps.map(({ loss }) => loss));
  } catch (error) {
    if (errorCode(error) !== "E_NONFINITE_LOSS") throw error;
  }
  return losses;
}
