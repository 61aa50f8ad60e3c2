import { consumers, operatorKey } from "../graph/ir.ts";
import type { Attributes, Graph, Node, Value } from "../graph/ir.ts";
import { sameShape } from "../graph/shape.ts";
import { BLOCKED_DOMAIN } from "./formulations/blocked/blocked-op.ts";

const CONV = `${BLOCKED_DOMAIN}.Conv`;

/**
 * Lets blocked convolutions do what stands right behind them: an addition becomes their fourth input, a ReLU or a Clip between constants their activation.
 * A convolution moves to the place of the last node it takes in.
 */
export function fuseBlocked(graph: Graph): Graph {
  const readers = consumers(graph);
  const kept = new Set(graph.outputs.map((v) => v.name));
  /** Convolutions whose result only the node that may take them in reads, by that result's name. */
  const open = new Map<string, Node>();
  const dropped = new Set<Node>();
  const nodes: Node[] = [];
  for (const node of graph.nodes) {
    const fused = fuse(node, open, graph);
    if (fused) dropped.add(fused.conv);
    const now = fused?.node ?? node;
    nodes.push(now);
    const [y] = now.outputs;
    if (y && operatorKey(now) === CONV && !kept.has(y.name) && readers.get(y.name)?.length === 1) open.set(y.name, now);
  }
  return { ...graph, nodes: nodes.filter((node) => !dropped.has(node)) };
}

interface Fused {
  readonly conv: Node;
  readonly node: Node;
}

function fuse(node: Node, open: ReadonlyMap<string, Node>, graph: Graph): Fused | undefined {
  if (node.domain) return undefined;
  if (node.op === "Add") return fuseSum(node, open);
  const conv = open.get(node.inputs[0]?.name ?? "");
  const activation = conv && !conv.attrs["activation"] ? activationOf(node, graph) : undefined;
  if (!conv || !activation) return undefined;
  return { conv, node: { ...conv, attrs: { ...conv.attrs, ...activation }, outputs: node.outputs } };
}

function activationOf({ op, inputs }: Node, { constants }: Graph): Attributes | undefined {
  if (op === "Relu") return { activation: "Relu" };
  if (op !== "Clip") return undefined;
  const [low, high] = [inputs[1], inputs[2]].map((v) => v && constants.get(v.name)?.data[0]);
  if (typeof low !== "number" || typeof high !== "number") return undefined;
  return { activation: "Clip", activation_params: { float: [low, high] } };
}

function fuseSum(node: Node, open: ReadonlyMap<string, Node>): Fused | undefined {
  const [a, b] = node.inputs;
  if (!a || !b || a.name === b.name) return undefined;
  return takeSum(node, open.get(a.name), b) ?? takeSum(node, open.get(b.name), a);
}

function takeSum(node: Node, conv: Node | undefined, other: Value): Fused | undefined {
  const [y] = node.outputs;
  if (!conv || conv.inputs[3] || conv.attrs["activation"] || !y) return undefined;
  if (!sameShape(other.shape, y.shape)) return undefined;
  const [x, w, bias] = conv.inputs;
  return { conv, node: { ...conv, inputs: [x, w, bias, other], outputs: node.outputs } };
}
