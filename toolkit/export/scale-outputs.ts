import type { OutputHead } from "../data/heads.ts";
import { ToolkitError } from "../errors.ts";
import type { Graph } from "../graph/ir.ts";
import { HEAD_BIAS, HEAD_WEIGHT } from "../passes/replace-head.ts";

/**
 * A network with a new head whose numbers are standardised, as one that says them in their own units: y deviation + mean, in the last layer's own rows, so
 * that it costs nothing.
 * @throws E_GRAPH where the last layer is none of `replaceHead`
 */
export function scaleOutputs(graph: Graph, heads: readonly Pick<OutputHead, "start" | "standard">[]): Graph {
  const weight = graph.constants.get(HEAD_WEIGHT);
  const bias = graph.constants.get(HEAD_BIAS);
  if (!weight || !bias)
    throw new ToolkitError("E_GRAPH", `Cannot scale the outputs: the graph has no "${HEAD_WEIGHT}"`);
  const [rows, offsets] = [
    Float32Array.from(weight.data as Float32Array),
    Float32Array.from(bias.data as Float32Array),
  ];
  const width = weight.shape[1] ?? 0;
  for (const { start, standard = [] } of heads) {
    for (const [k, { mean, deviation }] of standard.entries()) {
      const row = start + k;
      for (let i = row * width; i < (row + 1) * width; i++) rows[i] = (rows[i] ?? 0) * deviation;
      offsets[row] = (offsets[row] ?? 0) * deviation + mean;
    }
  }
  const constants = new Map(graph.constants);
  constants.set(HEAD_WEIGHT, { ...weight, data: rows });
  constants.set(HEAD_BIAS, { ...bias, data: offsets });
  return { ...graph, constants };
}
