import { isTensor, readAttributes } from "../../graph/attributes.ts";
import type { Graph, Model, Node } from "../../graph/ir.ts";
import { int64, toNumbers } from "../../graph/tensor.ts";
import type { TensorData } from "../../graph/tensor.ts";

/**
 * Sequences of parts, which torch's exporter writes for chunk, split and unbind where it does not optimise: each SequenceAt of a SplitToSequence
 * becomes a Slice of what was split. Sequences of other kinds, and parts that are not chosen by constants, stay as they are.
 */
export function withoutSequences(model: Model): Model {
  const { graph } = model;
  const splits = new Map(
    graph.nodes.filter((n) => isStandard(n, "SplitToSequence")).map((n) => [n.outputs[0]?.name ?? "", n] as const),
  );
  if (splits.size === 0) return model;
  const constants = new Map(graph.constants);
  const nodes = graph.nodes.flatMap((node) => {
    const split = isStandard(node, "SequenceAt") ? splits.get(node.inputs[0]?.name ?? "") : undefined;
    const range = split && rangeOf(graph, split, node);
    return range ? partOf(constants, split, node, range) : [node];
  });
  const read = new Set([...nodes.flatMap((n) => n.inputs), ...graph.outputs].map((v) => v?.name));
  const needed = nodes.filter((n) => !isStandard(n, "SplitToSequence") || read.has(n.outputs[0]?.name));
  return { ...model, graph: { ...graph, constants, nodes: needed } };
}

function isStandard(node: Node, op: string): boolean {
  return node.op === op && !node.domain;
}

/** Where a part begins and ends along the axis; the last one may be shorter, and Slice stops at the extent. */
function rangeOf(graph: Graph, split: Node, at: Node): readonly [number, number] | undefined {
  const [index] = numbersOf(graph, at.inputs[1]?.name) ?? [];
  if (index === undefined || index < 0) return undefined;
  if (!split.inputs[1]) return [index, index + 1];
  const sizes = numbersOf(graph, split.inputs[1].name);
  const [size] = sizes ?? [];
  if (!sizes || size === undefined) return undefined;
  if (isScalar(graph, split.inputs[1].name)) return [index * size, (index + 1) * size];
  const start = sizes.slice(0, index).reduce((sum, n) => sum + n, 0);
  return index < sizes.length ? [start, start + (sizes[index] ?? 0)] : undefined;
}

/** Slice, and Squeeze where the sequence's parts are without the axis. */
function partOf(
  constants: Map<string, TensorData>,
  split: Node,
  at: Node,
  [start, end]: readonly [number, number],
): readonly Node[] {
  const [x] = split.inputs;
  const [y] = at.outputs;
  if (!x || !y) return [at];
  const attrs = readAttributes(split.attrs, "SplitToSequence");
  const constant = (what: string, value: number): Node["inputs"][number] => {
    const name = `${y.name}:${what}`;
    constants.set(name, int64([value]));
    return { name, dtype: "int64", shape: [1] };
  };
  const axis = constant("axis", attrs.int("axis", 0));
  const inputs = [x, constant("start", start), constant("end", end), axis];
  if (split.inputs[1] || attrs.int("keepdims", 1) === 1) return [{ ...at, op: "Slice", attrs: {}, inputs }];
  const part = { ...y, name: `${y.name}:part` };
  return [
    { ...at, op: "Slice", attrs: {}, inputs, outputs: [part] },
    { ...at, op: "Squeeze", attrs: {}, inputs: [part, axis], outputs: [y] },
  ];
}

function numbersOf(graph: Graph, name: string | undefined): readonly number[] | undefined {
  const t = tensorOf(graph, name);
  return t && toNumbers(t);
}

function isScalar(graph: Graph, name: string): boolean {
  return tensorOf(graph, name)?.shape.length === 0;
}

/** An initializer or what a Constant node holds. */
function tensorOf(graph: Graph, name: string | undefined): TensorData | undefined {
  const stored = graph.constants.get(name ?? "");
  if (stored) return stored;
  const node = graph.nodes.find((n) => isStandard(n, "Constant") && n.outputs[0]?.name === name);
  const { value, value_int: whole, value_ints: list } = node?.attrs ?? {};
  if (value !== undefined && isTensor(value)) return value;
  if (typeof whole === "number") return { ...int64([whole]), shape: [] };
  return Array.isArray(list) ? int64(list.map(Number)) : undefined;
}
