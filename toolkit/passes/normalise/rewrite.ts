import { ToolkitError } from "../../errors.ts";
import type { AttributeReader } from "../../graph/attributes.ts";
import type { GraphBuilder } from "../../graph/builder.ts";
import type { Attributes, Dim, Node, Value } from "../../graph/ir.ts";
import type { TensorData } from "../../graph/tensor.ts";
import { toNumbers } from "../../graph/tensor.ts";

/** What the rewriting of one node may look at. It emits nodes of opset 17 and answers with the values that stand for the node's outputs. */
export interface Rewriting {
  /** Its constants without a name are never learnt; `name` makes one that may be. */
  readonly b: GraphBuilder;
  /** The node as the file has it. */
  readonly node: Node;
  /** The file's version of the standard operators. */
  readonly opset: number;
  /** The number of pictures a file with a fixed batch declares; its dimension is "N" here. */
  readonly batch: number | undefined;
  /** Whether rows of a matrix are joined from [sequence, pictures] where they may be: see `placeBatch`. */
  readonly sequenceFirst: boolean;
  /** Names of the constants that must stay as they are. */
  readonly kept: ReadonlySet<string>;
  /** The inputs of the new graph. */
  readonly pictures: readonly Value[];
  /** The node's inputs in the new graph. */
  readonly inputs: readonly (Value | undefined)[];
  readonly attrs: AttributeReader;
  /** `Conv "layer1.conv1"`: for error texts. */
  readonly where: string;
  /** Input `i`; E_MODEL_INVALID where it is omitted. */
  readonly input: (i: number) => Value;
  /** The elements of input `i` where it is a constant. */
  readonly constant: (i: number) => TensorData | undefined;
  /** The elements of an integer input as far as they follow from shapes: numbers and names of extents. */
  readonly elements: (i: number) => readonly Dim[] | undefined;
  /** The shape of input `i` at the picture size the file declares. */
  readonly declaredShape: (i: number) => readonly Dim[];
  /** How many nodes and graph outputs read input `i`. */
  readonly readersOf: (i: number) => number;
  /** Adds the node that makes the file's outputs (the first `outputCount` of them), under the file's names; a constant where it is computable now. */
  readonly emit: (
    op: string,
    inputs: readonly (Value | undefined)[],
    attrs?: Attributes,
    outputCount?: number,
  ) => readonly Value[];
  /** A constant under the name of the node's output. */
  readonly name: (t: TensorData) => readonly Value[];
}

/** How a node of an older or newer opset, or one that does nothing at inference, is written. */
export type Rewrite = (r: Rewriting) => readonly Value[];
export type Rewrites = Readonly<Record<string, Rewrite>>;

/** The node as it stands, without some attributes and with others added. */
export function attributesWithout(attrs: Attributes, ...names: readonly string[]): Attributes {
  return Object.fromEntries(Object.entries(attrs).filter(([name]) => !names.includes(name)));
}

/**
 * The elements of an integer input that opset 17 wants as a constant.
 * @throws E_MODEL_OP where it is computed from the picture
 */
export function constantInts(r: Rewriting, i: number): readonly number[] | undefined {
  if (!r.inputs[i]) return undefined;
  const t = r.constant(i);
  return t ? toNumbers(t) : refuse(r, `its input ${i} ("${r.input(i).name}") is not a constant`);
}

/** Says which node of the file cannot be read, and why. */
export function refuse(r: Rewriting, reason: string): never {
  throw new ToolkitError("E_MODEL_OP", `Cannot read ${r.where} of opset ${r.opset}: ${reason}`, {
    hint: `export the model again without it, or write how it is read in toolkit/passes/normalise`,
  });
}
