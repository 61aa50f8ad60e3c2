import type { GraphBuilder } from "./builder.ts";
import type { Node, TensorType, Value } from "./ir.ts";
import { operatorKey } from "./ir.ts";
import type { TensorData } from "./tensor.ts";
import type { AttributeReader } from "./attributes.ts";

/** What a shape rule may look at. */
export interface InferInput {
  /** The operator's inputs; an omitted optional one is undefined. */
  readonly inputs: readonly (Value | undefined)[];
  /** The type of input `i`; throws E_SHAPE where it is omitted. */
  readonly input: (i: number) => Value;
  /** The elements of input `i` where it is a constant of the graph. */
  readonly constant: (i: number) => TensorData | undefined;
  readonly attrs: AttributeReader;
  /** How many outputs the node names (Split, BatchNormalization in training form, Dropout, MaxPool). */
  readonly outputCount: number;
  /** "Conv" or "Conv node_17": for error texts. */
  readonly where: string;
}

/** What a gradient rule may look at. It emits nodes into `b` and nothing else. */
export interface GradientInput {
  readonly b: GraphBuilder;
  readonly node: Node;
  readonly attrs: AttributeReader;
  /** The value of input `i` of the forward node; throws E_GRAPH where it is omitted. */
  readonly x: (i?: number) => Value;
  /** The value of output `i` of the forward node. */
  readonly y: (i?: number) => Value;
  /** The gradient with respect to output `i`; zeros where nothing reads it. */
  readonly dy: (i?: number) => Value;
}

/** One thunk per input, run only where that gradient is wanted; null where the operator is not differentiable in that input (indices, axes). */
export type Gradients = readonly ((() => Value) | null)[];

/**
 * One ONNX operator in the dialect that `normalise` writes: how its output types follow from its inputs, and how gradients flow back.
 * A missing `gradient` means nobody wrote it; `null` means it is zero by definition (Shape, ArgMax, Sign).
 *
 * A rule may return a gradient in the broadcast shape of the output: the engine sums it to the input's shape.
 */
export interface Operator {
  readonly type: string;
  readonly domain?: string;
  readonly infer: (t: InferInput) => readonly TensorType[];
  readonly gradient?: ((g: GradientInput) => Gradients) | null;
  /** Inputs that hold what is learnt, where they are constants of the graph; for a user's own operator, as `parametersOf` knows the standard ones. */
  readonly weights?: readonly number[];
}

/** Operators by key, see `operatorKey`. A user adds one with `new Map([...operators, [key(mine), mine]])`. */
export type Operators = ReadonlyMap<string, Operator>;

/** The key under which an operator stands in a table. */
export function key(operator: Operator): string {
  return operatorKey(
    operator.domain === undefined ? { op: operator.type } : { op: operator.type, domain: operator.domain },
  );
}

/** A table from a list. */
export function operatorTable(list: readonly Operator[]): Operators {
  return new Map(list.map((o) => [key(o), o]));
}
