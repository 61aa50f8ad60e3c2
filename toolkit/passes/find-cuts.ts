import type { Graph, Node, Value } from "../graph/ir.ts";
import type { Operators } from "../graph/operator.ts";
import { operators as standardOperators } from "../operators/index.ts";
import { weightRoles } from "./parameters.ts";
import type { WeightRole } from "./parameters.ts";

/** A value [N,...] through which everything flows from the picture to the outputs: nothing behind it reads anything else in front of it. */
export interface CutPoint {
  readonly value: Value;
  /** Numbers that it has for one picture. */
  readonly elements: number;
  /** Index of the node that makes it. */
  readonly index: number;
}

/** The part of a network between two cut points, or an end of it. */
export interface Segment {
  /** Where it begins; undefined for the one that reads the picture. */
  readonly start: CutPoint | undefined;
  readonly nodes: readonly Node[];
  /** Weights that are read here, in order. */
  readonly parameters: readonly string[];
}

/**
 * The cut points of a graph of known size (only N is a name), from the stem to the head. Values with weights on one side only are none, nor are those
 * in front of a weight that is read behind them too.
 *
 * In a pruned graph a value is one exactly where it is, behind the node that makes it, the only value that is still to be read and depends on the picture:
 * any other such value would be a way past it, and every node that is no descendant of the cut is an ancestor of it, and comes before it.
 */
export function cutPoints(graph: Graph, operators: Operators = standardOperators): readonly CutPoint[] {
  const batch = graph.inputs[0]?.shape[0];
  const last = lastReaders(graph);
  const live = new Set<string>(graph.inputs.map((v) => v.name));
  const span = spanOfWeights(weightsRead(graph, weightRoles(graph, operators)));
  const outputs = new Set(graph.outputs.map((v) => v.name));
  const values = new Map<string, CutPoint>();
  const found: CutPoint[] = [];
  for (const [index, node] of graph.nodes.entries()) {
    const depends = node.inputs.some((v) => v && live.has(v.name));
    for (const v of depends ? node.outputs : []) {
      const elements = elementsOf(v, batch);
      if ((last.get(v.name) ?? -1) > index) live.add(v.name);
      if (elements !== undefined) values.set(v.name, { value: v, elements, index });
    }
    for (const v of node.inputs) if (v && last.get(v.name) === index) live.delete(v.name);
    const [only, ...others] = live;
    const point = others.length === 0 && only !== undefined ? values.get(only) : undefined;
    const divides = point?.index === index && !outputs.has(point.value.name);
    if (divides && span.first <= index && span.last > index && !span.across(index)) found.push(point);
  }
  return found;
}

/** Operators whose weights belong to the layer in front: norms, scales, biases, embeddings of positions. */
const LIGHT = new Set([
  "Add",
  "Mul",
  "Concat",
  "PRelu",
  "BatchNormalization",
  "InstanceNormalization",
  "LayerNormalization",
]);

/**
 * The network in parts that have weights each, with the cheapest cut point between two of them: of those with no weight and no Dropout between them the
 * one with the fewest numbers, and of equal ones the last. No part has the weights of norms alone: they belong to the layer in front.
 */
export function segmentsOf(graph: Graph, operators: Operators = standardOperators): readonly Segment[] {
  const roles = weightRoles(graph, operators);
  const [first, ...others] = fineSegments(graph, operators);
  const segments = first ? [first] : [];
  for (const segment of others) {
    const before = segments.at(-1);
    if (before && segment.parameters.every((name) => LIGHT.has(roles.get(name)?.op ?? ""))) {
      segments[segments.length - 1] = {
        ...before,
        nodes: [...before.nodes, ...segment.nodes],
        parameters: [...before.parameters, ...segment.parameters],
      };
    } else segments.push(segment);
  }
  return segments;
}

interface GrowingSegment extends Segment {
  readonly nodes: Node[];
  readonly parameters: string[];
}

function fineSegments(graph: Graph, operators: Operators): readonly Segment[] {
  const points = new Map(cutPoints(graph, operators).map((point) => [point.index, point]));
  const read = weightsRead(graph, weightRoles(graph, operators));
  const segments: GrowingSegment[] = [];
  let now: GrowingSegment = { start: undefined, nodes: [], parameters: [] };
  for (const [index, node] of graph.nodes.entries()) {
    now.nodes.push(node);
    now.parameters.push(...(read[index] ?? []));
    const point = points.get(index);
    if (!point) continue;
    if (now.parameters.length > 0) segments.push(now);
    else if (!now.start || point.elements > now.start.elements || now.nodes.some((n) => n.op === "Dropout")) continue;
    // what lies between two points that nothing learnt divides belongs to the part in front
    else segments.at(-1)?.nodes.push(...now.nodes);
    now = { start: point, nodes: [], parameters: [] };
  }
  return [...segments, now];
}

/** The index of the last node that reads each value; beyond all for an output of the graph. */
function lastReaders(graph: Graph): ReadonlyMap<string, number> {
  const last = new Map<string, number>();
  for (const [index, node] of graph.nodes.entries()) for (const v of node.inputs) if (v) last.set(v.name, index);
  for (const v of graph.outputs) last.set(v.name, graph.nodes.length);
  return last;
}

/** Numbers for one picture, where the first extent is that of the pictures and all others are known. */
function elementsOf({ dtype, shape: [first, ...others] }: Value, batch: unknown): number | undefined {
  if (dtype !== "float32" || first !== batch || others.length === 0) return undefined;
  return others.reduce<number | undefined>(
    (product, dim) => (product !== undefined && typeof dim === "number" ? product * dim : undefined),
    1,
  );
}

/** The weights that each node reads, by itself or through nodes that compute from constants alone. */
function weightsRead(graph: Graph, roles: ReadonlyMap<string, WeightRole>): readonly (readonly string[])[] {
  const roots = new Map<string, readonly string[]>([...roles.keys()].map((name) => [name, [name]]));
  const given = new Set(graph.inputs.map((v) => v.name));
  return graph.nodes.map((node) => {
    const names = [...new Set(node.inputs.flatMap((v) => roots.get(v?.name ?? "") ?? []))];
    const depends = node.inputs.some((v) => v && given.has(v.name));
    for (const v of node.outputs) {
      if (depends) given.add(v.name);
      else roots.set(v.name, names);
    }
    return depends ? names : [];
  });
}

interface Span {
  /** The first and the last node that reads a weight. */
  readonly first: number;
  readonly last: number;
  /** Whether a weight is read both up to a node and behind it. */
  readonly across: (index: number) => boolean;
}

function spanOfWeights(read: readonly (readonly string[])[]): Span {
  const spans = new Map<string, readonly [number, number]>();
  for (const [index, names] of read.entries())
    for (const name of names) spans.set(name, [spans.get(name)?.[0] ?? index, index]);
  const shared = [...spans.values()].filter(([from, to]) => from < to);
  return {
    first: read.findIndex((names) => names.length > 0),
    last: read.findLastIndex((names) => names.length > 0),
    across: (index) => shared.some(([from, to]) => from <= index && index < to),
  };
}
