import { ToolkitError } from "../errors.ts";
import type { Node } from "../graph/ir.ts";
import { describeNode } from "./describe-node.ts";

/**
 * Nodes in topological order: as they came where that is one already, else by Kahn's algorithm (1962), which keeps their order where it can.
 * Every input must be made by a node of `nodes` or be in `given`; `file` names the file in errors.
 * @throws E_MODEL_CYCLE with the nodes of one cycle
 */
export function sortNodes(nodes: readonly Node[], given: ReadonlySet<string>, file: string): readonly Node[] {
  const makers = new Map<string, number>();
  for (const [i, node] of nodes.entries()) for (const v of node.outputs) makers.set(v.name, i);
  /** For each node, the nodes it reads from. */
  const sources = nodes.map((node) =>
    node.inputs.flatMap((v) => (v && !given.has(v.name) ? [makers.get(v.name)!] : [])),
  );
  if (sources.every((list, i) => list.every((source) => source < i))) return nodes;

  const readers = nodes.map((): number[] => []);
  for (const [i, list] of sources.entries()) for (const source of list) readers[source]!.push(i);
  const missing = sources.map((list) => list.length);
  const order = missing.flatMap((count, i) => (count === 0 ? [i] : []));
  for (const i of order) {
    for (const reader of readers[i]!) {
      missing[reader]! -= 1;
      // the loop goes on over what is added here
      if (missing[reader] === 0) order.push(reader);
    }
  }
  if (order.length === nodes.length) return order.map((i) => nodes[i]!);

  const cycle = findCycle(sources, missing).map((i) => describeNode(nodes[i]!));
  throw new ToolkitError("E_MODEL_CYCLE", `Cannot read ${file}: its graph has a cycle: ${cycle.join(" → ")}`, {
    hint: "the file is damaged, or was edited by hand: export the model again",
  });
}

/** Goes back from a node that never became free to sources that never did, until one comes again. */
function findCycle(sources: readonly (readonly number[])[], missing: readonly number[]): readonly number[] {
  const path: number[] = [];
  const position = new Map<number, number>();
  let at = missing.findIndex((count) => count > 0);
  while (!position.has(at)) {
    position.set(at, path.length);
    path.push(at);
    at = sources[at]!.find((source) => missing[source]! > 0)!;
  }
  return [...path.slice(position.get(at)), at].toReversed();
}
