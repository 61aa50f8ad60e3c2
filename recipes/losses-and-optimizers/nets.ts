import { initialWeights } from "../../models/initial.ts";
import { mlp } from "../../models/mlp.ts";
import { hashText } from "../../toolkit/graph/random.ts";
import { float32, GraphBuilder, operators } from "../../toolkit/node.ts";
import type { Graph } from "../../toolkit/node.ts";
import { SIDE_PX } from "../mnist-cnn/scans.ts";

/** The dense net that all but the deep ones are: small enough for thousands of steps in a minute. */
const HIDDEN = [64, 32];

/** A dense net on the digits that starts as the course starts one, with this many outputs. */
export function denseNet(outputs: number, seed: number, hidden: readonly number[] = HIDDEN): Graph {
  const graph = mlp({ classes: outputs, sizePx: SIDE_PX, channels: 1, hidden, initial: "he-uniform", seed });
  return withBiases(graph, seed);
}

/** Weights of +-sqrt(6 / inputs) have biases of +-1 / sqrt(inputs) beside them in the course, where `mlp` starts them at 0. */
function withBiases(graph: Graph, seed: number): Graph {
  const constants = new Map(graph.constants);
  for (const [name, { shape }] of graph.constants) {
    const [fanOut, fanIn] = graph.constants.get(name.replace(/bias$/, "weight"))?.shape ?? [];
    if (!name.endsWith(".bias") || fanIn === undefined || fanOut === undefined) continue;
    const stream = hashText(name);
    constants.set(name, float32(shape, initialWeights("pytorch", fanOut, { fanIn, fanOut, seed, stream })));
  }
  return { ...graph, constants };
}

/** The same with outputs of length 1: directions, whose distances are from 0 to 2. */
export function embeddingNet(width: number, seed: number, hidden: readonly number[] = HIDDEN): Graph {
  const graph = denseNet(width, seed, hidden);
  const b = new GraphBuilder(operators, graph);
  return b.build([b.op("LpNormalization", [b.value("logits")], { axis: 1, p: 2 }, { outputs: ["embedding"] })]);
}
