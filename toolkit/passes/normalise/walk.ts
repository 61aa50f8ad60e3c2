import { errorCode, ToolkitError } from "../../errors.ts";
import { readAttributes } from "../../graph/attributes.ts";
import { GraphBuilder } from "../../graph/builder.ts";
import { GRADIENT_DOMAIN, operatorKey } from "../../graph/ir.ts";
import type { Attributes, Dim, Graph, Model, Node, Value } from "../../graph/ir.ts";
import type { Operators } from "../../graph/operator.ts";
import { renameValues } from "../../graph/rename-values.ts";
import { toNumbers } from "../../graph/tensor.ts";
import type { DType, TensorData } from "../../graph/tensor.ts";
import { describeNode } from "../../onnx/describe-node.ts";
import { operators as standardOperators } from "../../operators/index.ts";
import { asSingle, evaluate, tensorOf } from "../../operators/evaluate.ts";
import { inferElements } from "./elements.ts";
import type { Elements } from "./elements.ts";
import { refuse } from "./rewrite.ts";
import type { Rewrite, Rewrites, Rewriting } from "./rewrite.ts";

export interface WalkOptions {
  /** The graph inputs in the new graph. */
  readonly inputs: readonly Value[];
  /** The file's constants, floating-point ones as float32. */
  readonly constants: ReadonlyMap<string, TensorData>;
  readonly rewrites: Rewrites;
  readonly operators: Operators;
  /** Constants that nothing is computed from ahead of time. */
  readonly kept: ReadonlySet<string>;
  readonly batch: number | undefined;
  /** How the rows of a matrix are read that a file for a fixed number of pictures splits again: see `placeBatch`. */
  readonly sequenceFirst?: boolean;
  /** Shapes at the declared picture size by the file's names, once they are known. */
  readonly declared?: ReadonlyMap<string, readonly Dim[]>;
}

export interface Walked {
  readonly graph: Graph;
  /** The shape of every value of the file in the new graph, by the file's name. */
  readonly shapes: ReadonlyMap<string, readonly Dim[]>;
}

/** Longest integer tensor that is followed as shape arithmetic. */
const MAX_ELEMENTS = 64;

const RESHAPING = new Set(["Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze"]);

/** Writes the file's graph anew in opset 17, node by node. */
export function walk(model: Model, options: WalkOptions): Walked {
  const state = new Walk(model, options);
  for (const node of model.graph.nodes) state.write(node);
  return state.finish();
}

class Walk {
  readonly #model: Model;
  readonly #options: WalkOptions;
  readonly #b: GraphBuilder;
  /** The value that stands for each value of the file. */
  readonly #values = new Map<string, Value>();
  readonly #elements = new Map<string, Elements>();
  /** How often each value of the file is read. */
  readonly #reads = new Map<string, number>();

  constructor(model: Model, options: WalkOptions) {
    const { graph } = model;
    this.#model = model;
    this.#options = options;
    for (const v of [...graph.nodes.flatMap((n) => n.inputs), ...graph.outputs]) {
      if (v) this.#reads.set(v.name, (this.#reads.get(v.name) ?? 0) + 1);
    }
    const names = new Set([...this.#reads.keys(), ...graph.nodes.flatMap((n) => n.outputs.map((v) => v.name))]);
    this.#b = new GraphBuilder(options.operators, undefined, names);
    for (const v of options.inputs) this.#values.set(v.name, this.#b.input(v.name, v.dtype, v.shape));
    for (const [name, t] of options.constants) this.#values.set(name, this.#b.constant(t, name));
  }

  write(node: Node): void {
    const r = this.#rewriting(node);
    const rewrite = this.#options.rewrites[operatorKey(node)];
    const values = this.#rewritten(node, r, rewrite);
    for (const [i, v] of node.outputs.entries()) {
      const value = values[i];
      if (value) this.#values.set(v.name, value);
      else if (v.name && this.#reads.has(v.name)) {
        throw new ToolkitError(
          "E_MODEL_OP",
          `Cannot read ${r.where}: its output ${i} ("${v.name}") has no meaning at inference`,
        );
      }
    }
  }

  #rewritten(node: Node, r: Rewriting, rewrite: Rewrite | undefined): readonly Value[] {
    try {
      return rewrite ? rewrite(r) : this.#emit({ ...node, inputs: r.inputs });
    } catch (error) {
      if (errorCode(error) !== "E_NO_OPERATOR") throw error;
      return refuse(r, "the operator is not supported");
    }
  }

  finish(): Walked {
    const taken = new Set<string>();
    const outputs = this.#model.graph.outputs.map((v) => {
      const value = this.#value(v, "the graph's outputs");
      const free = !taken.has(value.name);
      taken.add(value.name);
      // a value that is two outputs, or is fed, keeps its name; `renameOutputs` does the others
      const fed = this.#options.inputs.some((input) => input.name === value.name) || this.#b.constantOf(value);
      return free && !fed ? value : this.#b.op("Identity", [value], {}, { outputs: [this.#b.fresh(v.name)] });
    });
    const shapes = new Map([...this.#values].map(([name, v]) => [name, v.shape]));
    return { graph: renameOutputs(this.#b.build(outputs), this.#model.graph.outputs), shapes };
  }

  #value(v: Value, where: string): Value {
    const value = this.#values.get(v.name);
    if (!value) throw new ToolkitError("E_MODEL_INVALID", `Cannot read ${where}: nothing before it makes "${v.name}"`);
    return value;
  }

  #rewriting(node: Node): Rewriting {
    const { batch, sequenceFirst = false, declared, kept } = this.#options;
    // what a rewrite emits is a standard operator, whatever it stands for
    const { domain: _domain, ...plain } = node;
    const where = describeNode(node);
    const inputs = node.inputs.map((v) => v && this.#value(v, where));
    const input = (i: number): Value => {
      const v = inputs[i];
      if (!v) throw new ToolkitError("E_MODEL_INVALID", `Cannot read ${where}: its input ${i} is missing`);
      return v;
    };
    return {
      b: this.#b,
      node,
      opset: this.#model.opsets.get("") ?? 1,
      batch,
      sequenceFirst,
      kept,
      pictures: this.#options.inputs,
      inputs,
      attrs: readAttributes(node.attrs, where),
      where,
      input,
      constant: (i) => inputs[i] && this.#b.constantOf(inputs[i]),
      elements: (i) => inputs[i] && this.#elementsOf(inputs[i])?.elements,
      declaredShape: (i) => declared?.get(node.inputs[i]?.name ?? "") ?? input(i).shape,
      readersOf: (i) => this.#reads.get(node.inputs[i]?.name ?? "") ?? 0,
      emit: (op, ins, attrs = {}, count = node.outputs.length) =>
        this.#emit({ ...plain, op, inputs: ins, attrs, outputs: node.outputs.slice(0, count) }),
      name: (t) => [this.#b.constant(asSingle(t), node.outputs[0]?.name)],
    };
  }

  #emit(node: Node): readonly Value[] {
    const computed = node.domain ? undefined : this.#compute(node);
    if (computed) return [this.#b.constant(computed, node.outputs[0]?.name)];
    const values = this.#b.copy(node);
    this.#follow(node, values[0]);
    return values;
  }

  #compute({ op, inputs, attrs, outputs }: Node): TensorData | undefined {
    if (outputs.length !== 1) return undefined;
    const constants = inputs.map((v) => v && this.#b.constantOf(v));
    const all = inputs.length > 0 && inputs.every((v, i) => !v || constants[i]);
    // a weight that is only turned or reshaped stays the file's own, under its name: `gemmHeads` reads through a Transpose
    const weight = (RESHAPING.has(op) || tiesEntries(op, constants[1])) && this.#isWeight(inputs[0]);
    const kept = inputs.some((v) => v && this.#options.kept.has(v.name));
    if (all && !weight && !kept) return evaluate(op, constants, attrs);
    const known = this.#infer(op, attrs, inputs, outputs[0]?.name ?? op);
    if (!known?.elements.every((dim) => typeof dim === "number")) return undefined;
    return tensorOf(resultTypes[op] ?? inputs[op === "Where" ? 1 : 0]?.dtype ?? "int64", known.shape, known.elements);
  }

  /** Whether a value is one of the file's initializers and may have been learnt. */
  #isWeight(v: Value | undefined): boolean {
    const t = v && this.#options.constants.get(v.name);
    return t?.dtype === "float32" && t.data.length > 1;
  }

  #follow({ op, attrs, inputs }: Node, value: Value | undefined): void {
    if (value?.dtype !== "int64" && value?.dtype !== "int32" && value?.dtype !== "bool") return;
    const known = this.#infer(op, attrs, inputs, value.name);
    if (known && known.elements.length <= MAX_ELEMENTS) this.#elements.set(value.name, known);
  }

  #infer(op: string, attrs: Attributes, inputs: readonly (Value | undefined)[], output: string): Elements | undefined {
    if (op !== "Shape" && op !== "Size" && !isWhole(inputs[0])) return undefined;
    return inferElements(
      op,
      attrs,
      inputs,
      inputs.map((v) => v && this.#elementsOf(v)),
      output,
    );
  }

  #elementsOf(v: Value): Elements | undefined {
    const t = this.#b.constantOf(v);
    if (!t) return this.#elements.get(v.name);
    return t.data.length <= MAX_ELEMENTS && isWhole(t) ? { shape: t.shape, elements: toNumbers(t) } : undefined;
  }
}

/** Element types of shape arithmetic that are not those of the first input. */
const resultTypes: Readonly<Record<string, DType>> = { Shape: "int64", Size: "int64", Equal: "bool" };

/** Whether elements are numbers that shapes may be made of, or comparisons of such. */
function isWhole(t: { readonly dtype: DType } | undefined): boolean {
  return t !== undefined && (t.dtype.startsWith("int") || t.dtype === "bool");
}

/** Whether a Gather reads an entry of its table twice, as position biases do: such a table is trained as one. */
function tiesEntries(op: string, indices: TensorData | undefined): boolean {
  return op === "Gather" && indices !== undefined && new Set(toNumbers(indices)).size < indices.data.length;
}

/** Gives each output the name the file has for it, wherever the value is read. */
function renameOutputs(graph: Graph, wanted: readonly Value[]): Graph {
  const names = new Map<string, string>();
  for (const [i, v] of graph.outputs.entries()) {
    const name = wanted[i]?.name ?? v.name;
    names.set(v.name, name);
    // an output that was computed now is a constant of that name: it changes names with the Identity that gives it out
    if (name !== v.name && graph.constants.has(name)) names.set(name, v.name);
  }
  return renameValues(graph, names);
}

/** Whether a node's operator is one this toolkit reads. */
export function isKnown(node: Node, rewrites: Rewrites, operators: Operators): boolean {
  const key = operatorKey(node);
  const operator = operators.get(key);
  // the standard table's operators of other domains are for lowering; a user's own are not
  const readable = !node.domain || node.domain === GRADIENT_DOMAIN || operator !== standardOperators.get(key);
  return (operator !== undefined && readable) || rewrites[key] !== undefined;
}
