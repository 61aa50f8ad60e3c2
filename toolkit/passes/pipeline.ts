import type { Graph } from "../graph/ir.ts";

/** A pass: it reads a graph and returns a new one. */
export type Pass = (graph: Graph) => Graph;

/** The passes one after the other, first to last, as one pass. */
export function pipeline(...passes: readonly Pass[]): Pass {
  return (graph) => passes.reduce((result, pass) => pass(result), graph);
}
