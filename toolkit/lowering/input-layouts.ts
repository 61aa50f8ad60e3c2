import { readAttributes } from "../graph/attributes.ts";
import { GRADIENT_DOMAIN } from "../graph/ir.ts";
import type { Graph, Node, TensorType, Value } from "../graph/ir.ts";
import type { Layout } from "../graph/layout.ts";
import { isBlockableConvolution } from "./formulations/blocked/blockable.ts";
import { ELEMENTWISE } from "./formulations/blocked/elementwise.ts";
import type { Target } from "./target.ts";

/**
 * How the inputs lie that may be chosen: the state of a step, where it is a blocked convolution's filter or meets one element by element
 * (its momentum, its average), so that nothing is moved between steps.
 */
export function inputLayouts(graph: Graph, { blockSize = 0, state, layouts }: Target): ReadonlyMap<string, Layout> {
  if (layouts) return new Map(graph.inputs.flatMap(({ name }) => entry(name, layouts.get(name))));
  if (blockSize === 0 || !state) return new Map();
  const alike = new Alike();
  const filters = new Set<string>();
  for (const node of graph.nodes) {
    const filter = filterOf(node, blockSize);
    if (filter) filters.add(filter.name);
    for (const v of node.inputs) if (v && keepsLayout(node, v)) alike.join(v.name, node.outputs[0]?.name ?? v.name);
  }
  for (const [input, output] of state) alike.join(input, output);
  const groups = new Set([...filters].map((name) => alike.groupOf(name)));
  return new Map(
    graph.inputs
      .filter(({ name, shape }) => state.has(name) && shape.length === 4 && groups.has(alike.groupOf(name)))
      .map(({ name }) => [name, "filter"]),
  );
}

function entry(name: string, layout: Layout | undefined): readonly (readonly [string, Layout])[] {
  return layout === undefined ? [] : [[name, layout]];
}

/** The filter that a blocked form of this node would read or make. */
function filterOf(node: Node, block: number): Value | undefined {
  if (node.op === "Conv" && !node.domain) return blockable(node, block, node.inputs[0], node.inputs[1]);
  if (node.domain !== GRADIENT_DOMAIN || node.op !== "ConvWeightGradient") return undefined;
  return blockable(node, block, node.inputs[1], node.outputs[0]);
}

function blockable(node: Node, block: number, x: Value | undefined, w: Value | undefined): Value | undefined {
  const group = readAttributes(node.attrs, node.op).int("group", 1);
  // the extents of a picture may still be names
  return x && w && isBlockableConvolution({ x: known(x), w, group }, block) ? w : undefined;
}

function known({ dtype, shape }: TensorType): TensorType {
  return { dtype, shape: shape.map((dim) => (typeof dim === "number" ? dim : 1)) };
}

function keepsLayout({ op, domain, outputs }: Node, v: Value): boolean {
  const [y] = outputs;
  return !domain && ELEMENTWISE.has(op) && v.shape.length === 4 && v.shape.every((dim, i) => dim === y?.shape[i]);
}

/** Names in disjoint groups. */
class Alike {
  readonly #parents = new Map<string, string>();

  groupOf(name: string): string {
    let root = name;
    for (let up = this.#parents.get(root); up !== undefined; up = this.#parents.get(root)) root = up;
    if (root !== name) this.#parents.set(name, root);
    return root;
  }

  join(a: string, b: string): void {
    const [p, q] = [this.groupOf(a), this.groupOf(b)];
    if (p !== q) this.#parents.set(p, q);
  }
}
