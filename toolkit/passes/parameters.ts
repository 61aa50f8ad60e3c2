import { isMadeUp, operatorKey } from "../graph/ir.ts";
import type { Graph, Node } from "../graph/ir.ts";
import type { Operators } from "../graph/operator.ts";
import type { TensorData } from "../graph/tensor.ts";
import { operators as standardOperators } from "../operators/index.ts";

/** Which inputs of an operator are weights that are learnt. Running statistics, axes and shapes are not. */
const learnt: ReadonlyMap<string, readonly number[]> = new Map([
  ["Conv", [1, 2]],
  ["ConvTranspose", [1, 2]],
  ["Gemm", [1, 2]],
  ["MatMul", [0, 1]],
  ["Einsum", [0, 1]],
  ["Gather", [0]],
  ["BatchNormalization", [1, 2]],
  ["InstanceNormalization", [1, 2]],
  ["LayerNormalization", [1, 2]],
  ["PRelu", [1]],
]);

/**
 * Operators that put a weight beside what is computed: scales and biases of norms that are written out, LayerScale, position embeddings, class tokens.
 * Sub and Div are not among them: what they take is the mean and deviation of a norm, or those that pictures are normalised with.
 */
const JOINING = new Set(["Add", "Mul", "Concat"]);

/** Operators whose output has a constant's own elements. */
const MOVING = new Set([
  "Identity",
  "Transpose",
  "Reshape",
  "Flatten",
  "Squeeze",
  "Unsqueeze",
  "Expand",
  "Slice",
  "Split",
]);

/** Up to this many elements, two values that alternate may be chance; more are a mask. */
const CHANCE = 4;

/**
 * Names of the float constants that training changes, from the stem to the head: the weights that an operator declares, and the constants that Add,
 * Mul and Concat join to a value behind the first weight. Of the latter single numbers (epsilons, temperatures, attention's scale), masks (two values,
 * or not finite) and padding (one value joined by Concat) are not learnt, nor is anything in front of the first weight (mean and deviation of pictures),
 * nor what `normalise` made up (the taps of a Resize).
 */
export function parametersOf(graph: Graph, operators: Operators = standardOperators): readonly string[] {
  return [...weightRoles(graph, operators).keys()];
}

/** What a weight is to the node that reads it first. */
export interface WeightRole {
  readonly op: string;
  /** Which input of the node it is. */
  readonly input: number;
}

/** The parameters with what each is, from the stem to the head. */
export function weightRoles(graph: Graph, operators: Operators = standardOperators): ReadonlyMap<string, WeightRole> {
  const roles = new Map<string, WeightRole>();
  for (const weights of weightsByNode(graph, operators))
    for (const [name, role] of weights) if (!roles.has(name)) roles.set(name, role);
  return roles;
}

/** How deep each parameter lies: 0 at the stem, 1 at the last node that has any. */
export function depthsOf(graph: Graph, operators: Operators = standardOperators): ReadonlyMap<string, number> {
  const levels = weightsByNode(graph, operators).filter((weights) => weights.size > 0);
  const last = Math.max(1, levels.length - 1);
  const depths = new Map<string, number>();
  for (const [level, weights] of levels.entries())
    for (const name of weights.keys()) if (!depths.has(name)) depths.set(name, level / last);
  return depths;
}

type Weights = ReadonlyMap<string, WeightRole>;

/** The weights that each node reads, in the order of the nodes. */
function weightsByNode(graph: Graph, operators: Operators): readonly Weights[] {
  /** The constant whose elements a value has. */
  const roots = new Map([...graph.constants.keys()].map((name) => [name, name]));
  /** Zeros that have a picture's batch, see the rewriting of Expand: a constant plus those is that constant, repeated. */
  const zeros = new Set<string>();
  /** Constants that are repeated for every picture, or to a shape: a token may hold zeros at first. */
  const repeated = new Set<string>();
  /** Values that depend on a weight and on the picture. */
  const trained = new Set<string>();
  return graph.nodes.map((node) => {
    const given = node.inputs.map((v) => roots.get(v?.name ?? ""));
    if (isZero(node, graph, zeros)) for (const v of node.outputs) zeros.add(v.name);
    const root = repeats(node, zeros) ? given.find((name) => name !== undefined) : given[0];
    if (root !== undefined && !node.domain && (MOVING.has(node.op) || repeats(node, zeros))) {
      for (const v of node.outputs) roots.set(v.name, root);
      if (node.op === "Expand" || repeats(node, zeros)) repeated.add(root);
      return new Map();
    }
    const depends = node.inputs.some((v) => v && trained.has(v.name));
    const weights = weightsOf(node, given, { depends, repeated }, graph, operators);
    if (depends || weights.size > 0) for (const v of node.outputs) trained.add(v.name);
    return weights;
  });
}

function isZero({ op, inputs }: Node, graph: Graph, zeros: ReadonlySet<string>): boolean {
  const by = graph.constants.get(inputs[1]?.name ?? "");
  return op === "Mul" ? by?.data.length === 1 && by.data[0] === 0 : MOVING.has(op) && zeros.has(inputs[0]?.name ?? "");
}

function repeats({ op, inputs }: Node, zeros: ReadonlySet<string>): boolean {
  return op === "Add" && inputs.some((v) => v && zeros.has(v.name));
}

interface Before {
  /** Whether the node reads what a weight and the picture made. */
  readonly depends: boolean;
  readonly repeated: ReadonlySet<string>;
}

function weightsOf(
  node: Node,
  given: readonly (string | undefined)[],
  { depends, repeated }: Before,
  graph: Graph,
  operators: Operators,
): Weights {
  const key = operatorKey(node);
  const slots = operators.get(key)?.weights ?? learnt.get(key) ?? [];
  const joins = JOINING.has(key) && depends;
  const weights = new Map<string, WeightRole>();
  for (const [i, name] of given.entries()) {
    const t = graph.constants.get(name ?? "");
    if (name === undefined || t?.dtype !== "float32" || isMadeUp(name)) continue;
    const found = slots.includes(i) ? isWeight(node, t) : joins && isJoined(node, t, repeated.has(name));
    if (found) weights.set(name, { op: key, input: i });
  }
  return weights;
}

/** InstanceNormalization without weights of its own, and as a part of a written GroupNormalization, has scales of 1 and biases of 0. */
function isWeight({ op }: Node, t: TensorData): boolean {
  return op !== "InstanceNormalization" || t.data.length === 1 || new Set<unknown>(t.data).size > 1;
}

/** One value joined by Concat is a class token that training began with, where it is [1,T,D] repeated for every picture; else padding. */
function isJoined({ op }: Node, t: TensorData, isRepeated: boolean): boolean {
  const { length } = t.data;
  const values = new Set<unknown>(t.data);
  const isMask = (values.size === 2 && length > CHANCE) || !(t.data as Float32Array).every(Number.isFinite);
  const isToken = isRepeated && t.shape.length === 3;
  return length > 1 && !isMask && !(op === "Concat" && values.size === 1 && !isToken);
}
