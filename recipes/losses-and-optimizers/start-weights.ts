import type { Initial } from "../../models/initial.ts";
import { mlp } from "../../models/mlp.ts";
import { constant, encodeModel, GraphBuilder, lower, operators, sgd, softmaxCrossEntropy } from "../../toolkit/node.ts";
import type { Graph, Runtime } from "../../toolkit/node.ts";
import { SIDE_PX } from "../mnist-cnn/scans.ts";
import { descend } from "./descend.ts";
import { inputsOf, pick } from "./digits.ts";
import type { Digits } from "./digits.ts";
import { denseNet } from "./nets.ts";
import { deviation, histogram } from "./section.ts";
import type { Lab, Point, Section } from "./section.ts";

/** Deep enough for a factor per layer to become a factor of thousands. */
const LAYERS = 10;
const HIDDEN = Array.from({ length: LAYERS }, () => 128);
const PICTURES = 256;
/** Kaiming's start may change the deviation by this factor from the first layer to the last; the others change it by more than `LOST`. */
const KEPT = 2;
const LOST = 5;

/** Activations and gradients of a deep net, by how its weights start. */
export async function startWeights({ sets, runtime, seed }: Lab): Promise<Section> {
  const digits = pick(
    sets.learn,
    Int32Array.from({ length: Math.min(PICTURES, sets.learn.labels.length) }, (_, i) => i),
  );
  const deep = (initial: Initial): Graph =>
    mlp({ classes: 10, sizePx: SIDE_PX, channels: 1, hidden: HIDDEN, seed, initial });
  const starts = [
    ["Kaiming", denseNet(10, seed, HIDDEN)],
    ["uniform in ±1/√inputs", deep("pytorch")],
    ["normal, deviation 0.01", deep(0.01)],
    ["normal, deviation 0.3", deep(0.3)],
  ] as const;
  const found: Found[] = [];
  for (const [name, graph] of starts) {
    const sums = await sumsOf(graph, digits, runtime);
    const gradients = await weightGradients(graph, digits, { runtime, seed });
    found.push({ name, sums, deviations: sums.map(deviation), gradients });
  }
  const change = found.map(({ deviations }) => Math.max(...deviations) / Math.min(...deviations));
  const byLayer = (values: readonly number[]): readonly Point[] => values.map((v, i) => [i + 1, v]);
  const [kaiming = Infinity, ...others] = change;
  const factors = change.map((factor, i) => `${found[i]?.name ?? ""}: ${factor.toPrecision(2)}`).join("; ");
  return {
    title: "Where the weights start",
    note: `A dense net of ${LAYERS} hidden layers of ${HIDDEN[0]} that has learnt nothing. Kaiming's start draws weights from ±√(6/inputs), so that a ReLU hands on as much as it got; a little less or a little more in each layer, and nothing arrives, or too much.`,
    claims: [
      {
        text: `Kaiming's start keeps the deviation of what layers compute within a factor of ${KEPT}, each of the others changes it by more than ${LOST}`,
        holds: kaiming < KEPT && others.every((factor) => factor > LOST),
        figures: `largest over smallest deviation: ${factors}`,
      },
    ],
    figures: [
      {
        kind: "lines",
        title: "Deviation of what a layer computes",
        xLabel: "layer",
        logY: true,
        lines: found.map(({ name, deviations }) => ({ name, points: byLayer(deviations) })),
      },
      {
        kind: "lines",
        title: "Norm of the gradient of a layer's weights",
        xLabel: "layer",
        logY: true,
        // the log of 0 cannot be drawn
        lines: found.map(({ name, gradients }) => ({
          name,
          points: byLayer(gradients.map((g) => Math.max(g, 1e-20))),
        })),
      },
      {
        kind: "lines",
        title: `What layer ${LAYERS} computes`,
        xLabel: "sum before the ReLU",
        stairs: true,
        lines: found.slice(0, 2).map(({ name, sums }) => ({ name, points: histogram(sums.at(-1) ?? [], [-4, 4]) })),
      },
    ],
  };
}

interface Found {
  readonly name: string;
  readonly sums: readonly Float32Array[];
  readonly deviations: readonly number[];
  readonly gradients: readonly number[];
}

/** What each hidden layer computes before its ReLU, over all pictures and units. */
async function sumsOf(graph: Graph, digits: Digits, runtime: Runtime): Promise<readonly Float32Array[]> {
  const names = HIDDEN.map((_, i) => `fc${i + 1}.out`);
  const b = new GraphBuilder(operators, graph);
  const shown = b.build(names.flatMap((name) => b.value(name) ?? []));
  const lowered = lower(shown, { provider: "cpu", dims: new Map() });
  const session = await runtime.load(encodeModel({ graph: lowered, opsets: new Map([["", 17]]), metadata: new Map() }));
  try {
    const out = await session.run({ feeds: inputsOf(digits), fetch: names });
    return names.map((name) => out.get(name)?.data as Float32Array);
  } finally {
    await session.release();
  }
}

/** The norms of the gradients of weights, from the first layer on: one step at the rate 0. */
async function weightGradients(
  graph: Graph,
  learn: Digits,
  { runtime, seed }: Pick<Lab, "runtime" | "seed">,
): Promise<readonly number[]> {
  const batchSize = learn.labels.length;
  const common = { runtime, graph, learn, batchSize, seed, epochs: 1 };
  const trace = await descend({ ...common, loss: softmaxCrossEntropy(), optimizer: sgd(), schedule: constant(0) });
  const [step] = trace.steps;
  return trace.parameters.flatMap((name, i) => (name.endsWith(".weight") ? [step?.gradients[i] ?? 0] : []));
}
