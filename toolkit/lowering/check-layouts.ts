import { ToolkitError } from "../errors.ts";
import type { Graph, Node, TensorType, Value } from "../graph/ir.ts";
import { isOnePixel } from "../graph/layout.ts";
import type { Layout } from "../graph/layout.ts";
import { formatShape, sameShape } from "../graph/shape.ts";
import { BLOCKED_DOMAIN } from "./formulations/blocked/blocked-op.ts";
import { ELEMENTWISE } from "./formulations/blocked/elementwise.ts";

/**
 * How a value lies: as its declared shape says, in blocks, as a Reshape reads blocks in other extents, or as a Reshape reads maps of one pixel, which lie the same
 * either way. The layout "filter" is that of a blocked picture of the shape it is declared with.
 */
type State = "plain" | "blocked" | "view" | "either";

/** Operators that may rearrange what a view shows: whoever writes them knows its extents. */
const ON_VIEWS: ReadonlySet<string> = new Set(["Concat", "Gather", "Reshape", "Slice", "Split", "Transpose"]);
/** Operators whose axis 0 lies outside the blocks. */
const ON_IMAGES: ReadonlySet<string> = new Set(["Concat", "Split"]);
const REDUCTIONS: ReadonlySet<string> = new Set(["ReduceMax", "ReduceSum", "ReduceSumSquare"]);

/** Where state lies blocked: its inputs, and what replaces them. */
export interface LaidState {
  readonly layouts: ReadonlyMap<string, Layout>;
  readonly state?: ReadonlyMap<string, string>;
}

/**
 * Checks that each operator of a lowered graph is one that is declared for the layouts of its operands: ONNX Runtime sees only declared shapes and refuses nothing.
 * @throws E_GRAPH naming the operator and the operand
 */
export function checkLayouts(graph: Graph, { layouts, state = new Map() }: LaidState): Graph {
  const states = new Map<string, State>();
  const stateOf = (v: Value): State => states.get(v.name) ?? "plain";
  for (const [name, layout] of layouts) states.set(name, layout === "plain" ? "plain" : "blocked");
  const uniform = new Set<string>();
  for (const node of graph.nodes) {
    const [first] = node.inputs;
    if (node.op === "Expand" && first && isNumber(first)) for (const v of node.outputs) uniform.add(v.name);
    const made = resultOf(node, stateOf, uniform);
    for (const v of node.outputs) states.set(v.name, made);
  }
  const laid = new Set([...layouts].filter(([, layout]) => layout !== "plain").map(([input]) => state.get(input)));
  for (const v of graph.outputs) {
    const fits = laid.has(v.name) ? isBlocked(v, stateOf(v)) : isPlain(v, stateOf(v));
    if (!fits) throw new ToolkitError("E_GRAPH", `Cannot use the graph: its output "${v.name}" lies ${stateOf(v)}`);
  }
  return graph;
}

type StateOf = (v: Value) => State;

function resultOf(node: Node, stateOf: StateOf, uniform: ReadonlySet<string>): State {
  if (node.domain !== BLOCKED_DOMAIN) return standardResult(node, stateOf);
  const [x, w, , sum] = node.inputs;
  // x times a number plus a sum: every element stays where it lies
  const isScaledSum = node.op === "Conv" && x && w && sum && uniform.has(w.name) && stateOf(x) === stateOf(sum);
  return isScaledSum ? stateOf(x) : blockedResult(node, stateOf);
}

function blockedResult(node: Node, stateOf: StateOf): State {
  const [x, , bias, sum] = node.inputs;
  if (!x) return refuse(node, undefined);
  if (bias && !isPlain(bias, stateOf(bias))) refuse(node, bias);
  if (sum && !isBlocked(sum, stateOf(sum))) refuse(node, sum);
  if (node.op === "ReorderInput") return stateOf(x) === "blocked" ? refuse(node, x) : movedFrom(stateOf(x));
  // fewer channels than a block has are read plain
  const readsPlain = node.op === "Conv" && stateOf(x) !== "blocked";
  if (!readsPlain && !isBlocked(x, stateOf(x))) return refuse(node, x);
  return node.op === "ReorderOutput" ? "plain" : "blocked";
}

/** ReorderInput also turns the tiles of a filter, which it is given as a view. */
function movedFrom(state: State): State {
  return state === "plain" ? "blocked" : "view";
}

function standardResult(node: Node, stateOf: StateOf): State {
  const operands = node.inputs.filter((v) => v !== undefined);
  const [x] = operands;
  if (node.op === "Reshape" && x && (isOnePixel(x) || stateOf(x) === "either")) return "either";
  const laid = operands.filter((v) => !isPlain(v, stateOf(v)));
  const [first] = laid;
  if (!first) return "plain";
  if (node.op === "Reshape") return "view";
  if (REDUCTIONS.has(node.op)) return reduced(node, first, stateOf);
  const states = new Set(laid.map(stateOf));
  if (ON_VIEWS.has(node.op) && !states.has("blocked")) return "view";
  if (ON_IMAGES.has(node.op) && node.attrs["axis"] === 0)
    return laid.length === operands.length ? "blocked" : refuse(node, first);
  if (!ELEMENTWISE.has(node.op) && node.op !== "Cast") return refuse(node, first);
  if (!states.has("blocked")) return "view";
  // beside a whole blocked operand only others of its shape, and single numbers
  const other = operands.find((v) => !isNumber(v) && (!isBlocked(v, stateOf(v)) || !sameShape(v.shape, first.shape)));
  return other ? refuse(node, other) : "blocked";
}

/** Over everything the order does not matter; of a view one number for each channel is left. */
function reduced(node: Node, x: Value, stateOf: StateOf): State {
  const [y] = node.outputs;
  return stateOf(x) === "view" || (y && isNumber(y)) ? "plain" : refuse(node, x);
}

function isPlain(v: Value, state: State): boolean {
  return state === "plain" || state === "either" || (state === "blocked" && isOnePixel(v));
}

function isBlocked(v: Value, state: State): boolean {
  return state === "blocked" || (state !== "plain" && v.shape.length === 4) || isOnePixel(v);
}

function isNumber({ shape }: TensorType): boolean {
  return shape.every((dim) => dim === 1);
}

function refuse({ op, name }: Node, operand: Value | undefined): never {
  const where = name ? `${op} "${name}"` : op;
  const what = operand ? `"${operand.name}" ${formatShape(operand.shape)}` : "nothing";
  throw new ToolkitError(
    "E_GRAPH",
    `Cannot use the graph: ${where} reads ${what}, which lies in a layout it is not declared for`,
  );
}
