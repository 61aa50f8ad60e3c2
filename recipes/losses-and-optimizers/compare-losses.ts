import {
  adam,
  cosine,
  meanAbsoluteError,
  meanSquaredError,
  multiClassHinge,
  softmaxCrossEntropy,
} from "../../toolkit/node.ts";
import type { Graph, Loss } from "../../toolkit/node.ts";
import { descend, outputsOf, withTraining } from "./descend.ts";
import type { Trace } from "./descend.ts";
import type { Digits } from "./digits.ts";
import { CLASSES, classesAndNumbers, NUMBERS } from "./losses.ts";
import { denseNet } from "./nets.ts";
import { withClassRows, withMistakes, withNumbers } from "./numbers.ts";
import { mean, smoothed } from "./section.ts";
import type { Lab, Section } from "./section.ts";

const BATCH = 64;
const RATE = 3e-3;
const EPOCHS = 4;
const TINY_EPOCHS = 1;
/** Share of the numbers that are written down wrongly, and by how many deviations. */
const MISTAKES = { share: 0.1, size: 8 };
/** What the error of a number counts beside the cross-entropy of a class. */
const NUMBER_WEIGHT = 1;
const LEAST_RIGHT = 0.9;
/** With mistakes in the numbers, the error of L1 is at most this share of that of MSE. */
const STURDIER = 0.5;
/** What one net for two jobs may lose against a net for each: a share of right answers, and of the deviation of a number. */
const LOST = { right: 0.03, number: 0.1 };

interface Case {
  readonly name: string;
  readonly loss: Loss;
  readonly outputs: number;
  readonly learn: Digits;
}

interface Learnt {
  readonly name: string;
  readonly trace: Trace;
  /** Share of unseen pictures whose likeliest class is theirs. */
  readonly right?: number;
  /** Mean absolute error of the numbers of unseen pictures, in deviations. */
  readonly error?: number;
}

/** Losses of classes, of numbers, and of both, each on a net of its own that starts alike. */
export async function compareLosses(lab: Lab): Promise<Section> {
  const { sets, raw, tiny, seed } = lab;
  const numbers = withNumbers(sets, raw);
  const wrong = withMistakes(numbers.learn, MISTAKES.share, MISTAKES.size, seed);
  const { learn } = sets;
  const both = CLASSES + NUMBERS;
  const cases: readonly Case[] = [
    { name: "cross-entropy", loss: softmaxCrossEntropy(), outputs: CLASSES, learn },
    { name: "hinge", loss: multiClassHinge(), outputs: CLASSES, learn },
    { name: "squared error (MSE)", loss: meanSquaredError(), outputs: NUMBERS, learn: numbers.learn },
    { name: "absolute error (L1)", loss: meanAbsoluteError(), outputs: NUMBERS, learn: numbers.learn },
    { name: "MSE, a tenth wrong", loss: meanSquaredError(), outputs: NUMBERS, learn: wrong },
    { name: "L1, a tenth wrong", loss: meanAbsoluteError(), outputs: NUMBERS, learn: wrong },
    {
      name: "classes and numbers",
      loss: classesAndNumbers(NUMBER_WEIGHT),
      outputs: both,
      learn: withClassRows(numbers.learn, both),
    },
  ];
  const runs: Learnt[] = [];
  for (const one of cases) runs.push(await learnFrom(lab, one, numbers.unseen));
  const of = (name: string): Learnt => runs.find((run) => run.name === name) ?? { name, trace: EMPTY };
  const drawn = (...names: readonly string[]) =>
    names.map((name) => ({ name, points: smoothed(of(name).trace.steps.map(({ loss }) => loss)) }));
  return {
    title: "What is minimised",
    note: `The same net, ${tiny ? "an epoch" : `${EPOCHS} epochs`} of Adam: told classes, told two numbers of each digit (how far it leans, and how wide it is, both in deviations), and told both at once. The numbers were measured on the pictures; a tenth of them is then written down ${MISTAKES.size} deviations too large.`,
    claims: claimsOf(of, runs, tiny),
    figures: [
      { kind: "lines", title: "Losses of classes", xLabel: "step", logY: true, lines: drawn(...CLASS_LOSSES) },
      {
        kind: "lines",
        title: "Losses of numbers",
        xLabel: "step",
        logY: true,
        lines: drawn("squared error (MSE)", "absolute error (L1)", "MSE, a tenth wrong", "L1, a tenth wrong"),
      },
      { kind: "lines", title: "Combined loss", xLabel: "step", logY: true, lines: drawn("classes and numbers") },
      {
        kind: "table",
        title: "On pictures that are never learnt from",
        head: ["loss", "classes right", "mean error of a number, in deviations"],
        rows: runs.map(({ name, right, error }) => [name, text(right, percent), text(error, (v) => v.toFixed(3))]),
      },
    ],
  };
}

const EMPTY: Trace = { steps: [], epochs: [], parameters: [], weights: new Map() };
const CLASS_LOSSES = ["cross-entropy", "hinge"] as const;

async function learnFrom({ runtime, tiny, seed }: Lab, one: Case, unseen: Digits): Promise<Learnt> {
  const graph: Graph = denseNet(one.outputs, seed);
  const epochs = tiny ? TINY_EPOCHS : EPOCHS;
  const { loss, learn } = one;
  const trace = await descend({
    runtime,
    graph,
    loss,
    learn,
    epochs,
    seed,
    batchSize: BATCH,
    optimizer: adam(),
    schedule: cosine(RATE),
  });
  const answers = await withTraining({ runtime, graph, loss, optimizer: adam() }, async (training) => {
    await training.session.set(trace.weights);
    return outputsOf(training, unseen);
  });
  const row = (i: number): readonly number[] => [...answers.subarray(i * one.outputs, (i + 1) * one.outputs)];
  const pictures = Array.from(unseen.labels, (label, i) => ({ label, answer: row(i), i }));
  const right = pictures.map(({ label, answer }) => {
    const scores = answer.slice(0, CLASSES);
    return scores.indexOf(Math.max(...scores)) === label ? 1 : 0;
  });
  const errors = pictures.flatMap(({ answer, i }) =>
    answer.slice(-NUMBERS).map((v, k) => Math.abs(v - (unseen.targets?.[i * NUMBERS + k] ?? 0))),
  );
  return {
    name: one.name,
    trace,
    ...(one.outputs === NUMBERS ? {} : { right: mean(right) }),
    ...(one.outputs === CLASSES ? {} : { error: mean(errors) }),
  };
}

function claimsOf(of: (name: string) => Learnt, runs: readonly Learnt[], tiny: boolean): Section["claims"] {
  const judged = (holds: boolean): boolean | undefined => (tiny ? undefined : holds);
  const falls = runs.map(({ name, trace: { steps } }) => {
    const losses = steps.map(({ loss }) => loss);
    const part = Math.max(1, Math.floor(losses.length / 20));
    return { name, share: mean(losses.slice(-part)) / mean(losses.slice(0, part)) };
  });
  const [first, ...others] = CLASS_LOSSES.map((name) => of(name).right ?? 0);
  const least = Math.min(first ?? 0, ...others);
  const [mse, l1] = [of("MSE, a tenth wrong").error ?? 0, of("L1, a tenth wrong").error ?? Infinity];
  const [alone, clean] = [of("cross-entropy").right ?? 0, of("squared error (MSE)").error ?? 0];
  const { right = 0, error = Infinity } = of("classes and numbers");
  return [
    {
      text: "every loss falls: the last twentieth of the steps is below the first",
      holds: falls.every(({ share }) => share < 1),
      figures: falls.map(({ name, share }) => `${name} to ${percent(share)}`).join(", "),
    },
    {
      text: `each loss of classes tells at least ${percent(LEAST_RIGHT)} of the unseen digits right`,
      holds: judged(least >= LEAST_RIGHT),
      figures: CLASS_LOSSES.map((name) => `${name} ${text(of(name).right, percent)}`).join(", "),
    },
    {
      text: `with a tenth of the numbers wrong, the error of L1 on unseen digits is at most ${STURDIER} of that of MSE`,
      holds: judged(l1 <= STURDIER * mse),
      figures: `${l1.toFixed(3)} and ${mse.toFixed(3)} deviations`,
    },
    {
      text: `one net for classes and numbers is nearly as good as two: at most ${percent(LOST.right)} fewer right, ${LOST.number} deviations more error`,
      holds: judged(right >= alone - LOST.right && error <= clean + LOST.number),
      figures: `${percent(right)} and ${error.toFixed(3)}; alone ${percent(alone)} and ${clean.toFixed(3)}`,
    },
  ];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function text(value: number | undefined, as: (value: number) => string): string {
  return value === undefined ? "–" : as(value);
}
