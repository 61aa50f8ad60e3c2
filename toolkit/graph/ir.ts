import { ToolkitError } from "../errors.ts";
import type { DType, TensorData } from "./tensor.ts";

/** An extent: a number, or a name such as "N" where it is decided when the graph runs. */
export type Dim = number | string;

export interface TensorType {
  readonly dtype: DType;
  readonly shape: readonly Dim[];
}

/** A named tensor in a graph. Names are unique within their graph. */
export interface Value extends TensorType {
  readonly name: string;
}

/** Floats are wrapped, so that `1` is always ONNX's INT and `{ float: 1 }` always its FLOAT. */
export interface FloatAttribute {
  readonly float: number | readonly number[];
}
/** The body of a Loop. It may read values of the graph around it by their names. */
export interface GraphAttribute {
  readonly graph: Graph;
}
export type Attribute =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | FloatAttribute
  | GraphAttribute
  | TensorData;
export type Attributes = Readonly<Record<string, Attribute>>;

/** One operator application. An omitted optional input is `undefined`; `domain` is absent for the standard operators. */
export interface Node {
  readonly op: string;
  readonly domain?: string;
  readonly name?: string;
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly Value[];
  readonly attrs: Attributes;
}

/**
 * A computation. Values, nodes and graphs are never changed after they are made: a pass returns a new graph.
 * `nodes` are in topological order; `constants` (ONNX initializers) are looked up by value name.
 */
export interface Graph {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly constants: ReadonlyMap<string, TensorData>;
  readonly nodes: readonly Node[];
}

/** What an ONNX file holds. `opsets` is keyed by domain, with "" for the standard one. */
export interface Model {
  readonly graph: Graph;
  readonly opsets: ReadonlyMap<string, number>;
  readonly metadata: ReadonlyMap<string, string>;
  /** The program that wrote the file, with its version, where the file says so. */
  readonly producer?: string;
}

/** Domain of the gradient operators, which lowering replaces before a graph can run. */
export const GRADIENT_DOMAIN = "onnx-graft";

/** How the names begin of constants that no file had. */
export const MADE_UP_CONSTANT = "onnx-graft.const";

/** Whether a constant is one that the toolkit wrote without a name (axes, the taps of a Resize): such a one holds nothing that was learnt. */
export function isMadeUp(name: string): boolean {
  return name.startsWith(MADE_UP_CONSTANT);
}

/** The key of an operator in the tables: its type, with its domain before it where that is not the standard one. */
export function operatorKey(op: { readonly op: string; readonly domain?: string }): string {
  return op.domain ? `${op.domain}.${op.op}` : op.op;
}

/** A value for each constant, so that nodes can refer to it. */
export function constantValue(name: string, t: TensorData): Value {
  return { name, dtype: t.dtype, shape: t.shape };
}

/** Every value a graph defines (inputs, constants, node outputs), by name. */
export function valuesByName(graph: Graph): ReadonlyMap<string, Value> {
  const values = new Map<string, Value>();
  for (const [name, t] of graph.constants) values.set(name, constantValue(name, t));
  for (const v of graph.inputs) values.set(v.name, v);
  for (const node of graph.nodes) for (const v of node.outputs) values.set(v.name, v);
  return values;
}

/**
 * The value called `name`.
 * @throws E_NO_VALUE with the closest names
 */
export function valueNamed(graph: Graph, name: string): Value {
  const [value] = valuesNamed(graph, [name]);
  // there is one for each name, or it was thrown
  return value as Value;
}

/**
 * The values of these names, in their order.
 * @throws E_NO_VALUE for the first name the graph does not define
 */
export function valuesNamed(graph: Graph, names: readonly string[]): readonly Value[] {
  const values = valuesByName(graph);
  return names.map((name) => {
    const value = values.get(name);
    if (value) return value;
    throw new ToolkitError("E_NO_VALUE", `Cannot find the value "${name}" in the graph`, {
      hint: "onnx-graft inspect MODEL lists the values of a model",
    });
  });
}

/** The node that makes each value. */
export function producers(graph: Graph): ReadonlyMap<string, Node> {
  const by = new Map<string, Node>();
  for (const node of graph.nodes) for (const v of node.outputs) by.set(v.name, node);
  return by;
}

/** The nodes that read each value, in order. */
export function consumers(graph: Graph): ReadonlyMap<string, readonly Node[]> {
  const by = new Map<string, Node[]>();
  for (const node of graph.nodes) {
    for (const v of node.inputs) {
      if (!v) continue;
      const readers = by.get(v.name);
      if (readers) readers.push(node);
      else by.set(v.name, [node]);
    }
  }
  return by;
}

/** The type of a node's output before `normalise` has inferred it: a file need not state it. */
export const UNKNOWN_TYPE: TensorType = { dtype: "float32", shape: ["?"] };
