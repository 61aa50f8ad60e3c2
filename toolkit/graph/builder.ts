import { ToolkitError } from "../errors.ts";
import { isFloat, isGraph, isTensor, readAttributes } from "./attributes.ts";
import type { Attribute, Attributes, Dim, Graph, Node, TensorType, Value } from "./ir.ts";
import { constantValue, GRADIENT_DOMAIN, MADE_UP_CONSTANT, operatorKey, valuesByName } from "./ir.ts";
import type { InferInput, Operators } from "./operator.ts";
import { float32, int64, scalar, toBytes } from "./tensor.ts";
import type { DType, TensorData } from "./tensor.ts";

export interface NodeOptions {
  readonly domain?: string;
  readonly name?: string;
  /** Names of the outputs; made up from the operator's type where absent. */
  readonly outputs?: readonly string[];
  /** How many outputs, where they are not named; 1 where absent. */
  readonly outputCount?: number;
}

/** Constants up to this many bytes are compared by content, so that equal axes and scalars are stored once. */
const SHARED_CONSTANT_BYTES = 256;

/**
 * Writes a graph node by node: infers types, makes up names, and returns the existing node for equal operator, inputs and attributes.
 * Start from nothing or from a graph that is to be continued (whose inputs and constants are kept).
 */
export class GraphBuilder {
  readonly #operators: Operators;
  readonly #inputs: Value[] = [];
  readonly #constants = new Map<string, TensorData>();
  readonly #nodes: Node[] = [];
  readonly #values = new Map<string, Value>();
  readonly #written = new Map<string, readonly Value[]>();
  readonly #shared = new Map<string, Value>();
  readonly #counts = new Map<string, number>();
  readonly #reserved: ReadonlySet<string>;

  /** Names in `reserved` are never made up: they will be defined later. */
  constructor(operators: Operators, start?: Graph, reserved: ReadonlySet<string> = new Set()) {
    this.#operators = operators;
    this.#reserved = reserved;
    if (!start) return;
    this.#inputs.push(...start.inputs);
    for (const [name, t] of start.constants) this.#constants.set(name, t);
    this.#nodes.push(...start.nodes);
    for (const [name, v] of valuesByName(start)) this.#values.set(name, v);
    for (const node of start.nodes) {
      const key = nodeKey(node);
      if (key !== undefined) this.#written.set(key, node.outputs);
    }
  }

  /** Declares a graph input. */
  input(name: string, dtype: DType, shape: readonly Dim[]): Value {
    const value = this.#define({ name, dtype, shape });
    this.#inputs.push(value);
    return value;
  }

  /** A constant; small unnamed ones of equal content are one value. An unnamed one is never learnt, see `isMadeUp`. */
  constant(t: TensorData, name?: string): Value {
    const share = name === undefined && t.data.byteLength <= SHARED_CONSTANT_BYTES;
    const content = share ? `${t.dtype}[${t.shape.join()}]${toBytes(t.data).join()}` : "";
    const known = share ? this.#shared.get(content) : undefined;
    if (known) return known;
    const value = this.#define(constantValue(name ?? this.fresh(MADE_UP_CONSTANT), t));
    this.#constants.set(value.name, t);
    if (share) this.#shared.set(content, value);
    return value;
  }

  /** A rank-0 constant. */
  scalar(value: number, dtype: DType = "float32"): Value {
    return this.constant(scalar(value, dtype));
  }

  /** A 1-D int64 constant: axes, shapes, pads. */
  ints(values: readonly number[]): Value {
    return this.constant(int64(values));
  }

  /** A 1-D float32 constant. */
  floats(values: readonly number[]): Value {
    return this.constant(float32([values.length], values));
  }

  /** Adds a node of one output and returns that output. */
  op(type: string, inputs: readonly (Value | undefined)[], attrs: Attributes = {}, options: NodeOptions = {}): Value {
    const [value] = this.ops(type, inputs, attrs, options);
    if (!value) throw new ToolkitError("E_GRAPH", `Cannot add ${type}: its shape rule gives no output`);
    return value;
  }

  /** Adds a gradient operator, which lowering will replace. */
  gradient(type: string, inputs: readonly (Value | undefined)[], attrs: Attributes = {}): Value {
    return this.op(type, inputs, attrs, { domain: GRADIENT_DOMAIN });
  }

  /** Adds a node and returns all its outputs. */
  ops(
    type: string,
    inputs: readonly (Value | undefined)[],
    attrs: Attributes = {},
    options: NodeOptions = {},
  ): readonly Value[] {
    const { domain, name, outputs } = options;
    const draft = {
      op: type,
      ...(domain === undefined ? {} : { domain }),
      ...(name === undefined ? {} : { name }),
      inputs,
      attrs,
    };
    const named = outputs !== undefined;
    const equal = named ? undefined : nodeKey(draft, options.outputCount);
    const known = equal === undefined ? undefined : this.#written.get(equal);
    if (known) return known;
    const types = this.#infer(draft, outputs?.length ?? options.outputCount ?? 1);
    const values = types.map((t, i) =>
      this.#define({ name: outputs?.[i] ?? this.fresh(type), dtype: t.dtype, shape: t.shape }),
    );
    const node: Node = { ...draft, outputs: values };
    this.#nodes.push(node);
    if (equal !== undefined) this.#written.set(equal, values);
    return values;
  }

  /** Copies a node as it stands, with its names; its types are inferred anew. */
  copy(node: Node, inputs: readonly (Value | undefined)[] = node.inputs): readonly Value[] {
    return this.ops(node.op, inputs, node.attrs, {
      ...(node.domain === undefined ? {} : { domain: node.domain }),
      ...(node.name === undefined ? {} : { name: node.name }),
      outputs: node.outputs.map((v) => v.name),
    });
  }

  /** The value called `name`, if this graph defines it. */
  value(name: string): Value | undefined {
    return this.#values.get(name);
  }

  /** The elements of a value, where it is a constant. */
  constantOf(value: Value): TensorData | undefined {
    return this.#constants.get(value.name);
  }

  /** A name no value has yet. */
  fresh(prefix: string): string {
    for (;;) {
      const count = this.#counts.get(prefix) ?? 0;
      this.#counts.set(prefix, count + 1);
      const name = `${prefix}_${count}`;
      if (!this.#values.has(name) && !this.#reserved.has(name)) return name;
    }
  }

  /** The finished graph. What no output needs is still in it: see the pass `prune`. */
  build(outputs: readonly Value[]): Graph {
    return { inputs: [...this.#inputs], outputs, constants: new Map(this.#constants), nodes: [...this.#nodes] };
  }

  #define(value: Value): Value {
    if (this.#values.has(value.name))
      throw new ToolkitError("E_GRAPH", `Cannot define "${value.name}" twice in one graph`);
    this.#values.set(value.name, value);
    return value;
  }

  #infer(draft: Omit<Node, "outputs">, outputCount: number): readonly TensorType[] {
    const operator = this.#operators.get(operatorKey(draft));
    const where = draft.name ? `${draft.op} "${draft.name}"` : draft.op;
    if (!operator)
      throw new ToolkitError("E_NO_OPERATOR", `Cannot infer the shape of ${where}: the operator is not in the table`);
    return operator.infer(inferInput(draft, where, outputCount, (v) => this.#constants.get(v.name)));
  }
}

/** What a shape rule is given for a node. */
function inferInput(
  node: Omit<Node, "outputs">,
  where: string,
  outputCount: number,
  constantOf: (v: Value) => TensorData | undefined,
): InferInput {
  return {
    inputs: node.inputs,
    input(i) {
      const v = node.inputs[i];
      if (!v) throw new ToolkitError("E_SHAPE", `Cannot infer the shape of ${where}: input ${i} is missing`);
      return v;
    },
    constant(i) {
      const v = node.inputs[i];
      return v && constantOf(v);
    },
    attrs: readAttributes(node.attrs, where),
    outputCount,
    where,
  };
}

/** What equal nodes have in common; none for a Loop, which equals no other. */
function nodeKey(
  node: Omit<Node, "outputs"> & { outputs?: readonly Value[] },
  outputCount = node.outputs?.length ?? 1,
): string | undefined {
  if (Object.values(node.attrs).some(isGraph)) return undefined;
  const attrs = Object.entries(node.attrs)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, v]) => `${name}=${attributeKey(v)}`);
  return `${operatorKey(node)}(${node.inputs.map((v) => v?.name ?? "").join()})${attrs.join(";")}#${outputCount}`;
}

function attributeKey(v: Attribute): string {
  if (isTensor(v)) return `${v.dtype}[${v.shape.join()}]${toBytes(v.data).join()}`;
  return isFloat(v) ? `float ${JSON.stringify(v.float)}` : JSON.stringify(v);
}
