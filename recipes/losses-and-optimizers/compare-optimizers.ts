import { mlp } from "../../models/mlp.ts";
import { adam, constant, errorCode, sgd, softmaxCrossEntropy } from "../../toolkit/node.ts";
import type { Graph, Transform } from "../../toolkit/node.ts";
import { SIDE_PX } from "../mnist-cnn/scans.ts";
import { descend } from "./descend.ts";
import type { Trace } from "./descend.ts";
import { histogram, mean, smoothed } from "./section.ts";
import type { Lab, Point, Section } from "./section.ts";

const BATCH = 64;
const STEPS = 100;
const TINY_STEPS = 12;
/** A deep net that starts too small, as PyTorch's layers do by themselves: the way down is flat at first, which is where methods differ. */
const HIDDEN = [64, 64, 64, 64];
/** Share of the velocity that is kept. */
const MOMENTUM = 0.9;
/** Each method gets the rates around its best one: comparing all at one rate would say more of the rate than of the method. */
const METHODS: readonly Method[] = [
  { name: "gradient descent", make: () => sgd(), rates: [0.03, 0.1, 0.3, 1] },
  // the course writes m = 0.9 m + 0.1 g: the same steps at a rate ten times as large
  { name: "momentum", make: () => sgd({ momentum: MOMENTUM }), rates: [0.003, 0.01, 0.03, 0.1] },
  { name: "Adam", make: () => adam(), rates: [3e-4, 1e-3, 3e-3, 1e-2] },
];
/** The loss that momentum and Adam come to is below this share of that of plain gradient descent. */
const AHEAD = 0.9;
/** Nets, each with weights and an order of pictures of its own, that a method is judged by at each rate: one alone is a matter of luck. */
const STARTS = 3;

interface Method {
  readonly name: string;
  readonly make: () => Transform;
  readonly rates: readonly number[];
}

interface Run {
  readonly rate: number;
  /** Of the first start; undefined where the loss became no number. */
  readonly trace: Trace | undefined;
  /** Mean loss of the last tenth of the steps, over all starts. */
  readonly end: number;
}

/** The same net, the same pictures, as many steps: who is further down? */
export async function compareOptimizers(lab: Lab): Promise<Section> {
  const { tiny, seed } = lab;
  const steps = tiny ? TINY_STEPS : STEPS;
  const graphs = Array.from({ length: tiny ? 1 : STARTS }, (_, start) =>
    mlp({ classes: 10, sizePx: SIDE_PX, channels: 1, hidden: HIDDEN, seed: seed * STARTS + start }),
  );
  const found: Found[] = [];
  for (const method of METHODS) {
    const runs: Run[] = [];
    for (const rate of method.rates) runs.push(await tryRate(lab, graphs, { method, rate, steps }));
    const best = runs.toSorted((a, b) => a.end - b.end)[0] as Run;
    found.push({ name: `${method.name}, rate ${best.rate}`, method, runs, best });
  }
  const [plain, ...others] = found.map(({ best }) => best.end);
  return {
    title: "Ways down: momentum and Adam",
    note: `A net of ${HIDDEN.length} hidden layers of ${HIDDEN[0]} whose weights start small, ${steps} mini-batches of ${BATCH}. Each method is given four rates, and judged by its best, in the mean of ${graphs.length} starts.`,
    claims: [
      {
        text: `after the same steps, the loss of momentum and that of Adam are below ${AHEAD} of that of plain gradient descent, each at its best rate, in the mean of ${graphs.length} starts`,
        holds: tiny ? undefined : others.every((end) => end < AHEAD * (plain ?? 0)),
        figures: found.map(({ name, best }) => `${name}: ${best.end.toFixed(3)}`).join("; "),
      },
    ],
    figures: figuresOf(found, graphs[0], steps),
  };
}

interface Found {
  readonly name: string;
  readonly method: Method;
  readonly runs: readonly Run[];
  readonly best: Run;
}

function figuresOf(found: readonly Found[], graph: Graph | undefined, steps: number): Section["figures"] {
  const layers = found[0]?.best.trace?.parameters ?? [];
  const adamRun = found.at(-1);
  const weights = layers.flatMap((name, i) =>
    name.endsWith(".weight") ? [{ name: name.replace(/\.weight$/, ""), i }] : [],
  );
  const norms = (kind: "gradients" | "weights") =>
    weights.map(({ name, i }) => ({
      name,
      points: smoothed(adamRun?.best.trace?.steps.map((step) => step[kind][i] ?? 0) ?? []),
    }));
  const first = graph?.constants.get("fc1.weight")?.data as Float32Array;
  const range = [-0.2, 0.2] as const;
  return [
    {
      kind: "lines",
      title: "Loss at each one's best rate",
      xLabel: "step",
      lines: found.map(({ name, best }) => ({
        name,
        points: smoothed(best.trace?.steps.map(({ loss }) => loss) ?? []),
      })),
    },
    {
      kind: "lines",
      title: `Loss after ${steps} steps, by rate`,
      xLabel: "rate",
      logX: true,
      lines: found.map(({ method, runs }) => ({
        name: method.name,
        points: runs.flatMap(({ rate, end }): Point[] => (Number.isFinite(end) ? [[rate, end]] : [])),
      })),
    },
    {
      kind: "lines",
      title: "Adam: norm of each layer's gradient",
      xLabel: "step",
      logY: true,
      lines: norms("gradients"),
    },
    { kind: "lines", title: "Adam: norm of each layer's weights", xLabel: "step", lines: norms("weights") },
    {
      kind: "lines",
      title: "Weights of the first layer",
      xLabel: "weight",
      stairs: true,
      lines: [
        { name: "at the start", points: histogram(first, range) },
        ...found.map(({ method, best }) => ({
          name: `after ${method.name}`,
          points: histogram((best.trace?.weights.get("fc1.weight")?.data as Float32Array) ?? [], range),
        })),
      ],
    },
  ];
}

async function tryRate(
  lab: Lab,
  graphs: readonly Graph[],
  { method, rate, steps }: { method: Method; rate: number; steps: number },
): Promise<Run> {
  const traces: (Trace | undefined)[] = [];
  for (const [start, graph] of graphs.entries()) traces.push(await follow(lab, { graph, start, method, rate, steps }));
  const lasts = traces.map((trace) =>
    trace ? mean(trace.steps.slice(-Math.ceil(steps / 10)).map((s) => s.loss)) : Infinity,
  );
  return { rate, trace: traces[0], end: mean(lasts) };
}

/** Nothing where the loss became no number. */
async function follow(
  { runtime, sets, seed }: Lab,
  { graph, start, method, rate, steps }: { graph: Graph; start: number; method: Method; rate: number; steps: number },
): Promise<Trace | undefined> {
  const { learn } = sets;
  try {
    return await descend({
      runtime,
      graph,
      learn,
      seed: seed * STARTS + start,
      steps,
      loss: softmaxCrossEntropy(),
      optimizer: method.make(),
      schedule: constant(rate),
      batchSize: BATCH,
      epochs: Math.ceil(steps / Math.floor(learn.labels.length / BATCH)),
    });
  } catch (error) {
    if (errorCode(error) !== "E_NONFINITE_LOSS") throw error;
    return undefined;
  }
}
