import { elementTypeNumber, isFloating } from "../graph/element-type.ts";
import { GraphBuilder } from "../graph/builder.ts";
import type { Graph, Node, Value } from "../graph/ir.ts";
import type { Operators } from "../graph/operator.ts";
import type { DType } from "../graph/tensor.ts";

/** Products: what a network spends its time on, and what float16 is quick at. */
const PRODUCTS: ReadonlySet<string> = new Set(["Conv", "ConvTranspose", "Gemm", "MatMul"]);

/** Operators that move elements, or take each by itself and keep it in range: they stay in float16 where a product made what they read. */
const FOLLOWING: ReadonlySet<string> = new Set(
  (
    "Add AveragePool Clip Concat DepthToSpace Dropout Expand Flatten HardSigmoid HardSwish Identity LeakyRelu MaxPool Max Min Mul Neg PRelu Pad " +
    "Relu Reshape Sigmoid Slice SpaceToDepth Split Squeeze Sub Tanh Tile Transpose Unsqueeze"
  ).split(" "),
);

/**
 * The graph with its products, and what only hands their results on, computed in float16; norms, sums, exponentials and whatever is not known to keep within float16's range
 * stay in float32 (the lists of PyTorch's autocast, in short). Inputs, constants and outputs keep their types and names: weights are cast where they are read.
 */
export function halfCompute(graph: Graph, operators: Operators): Graph {
  const b = new GraphBuilder(operators, { ...graph, nodes: [] });
  const made = new Map<string, Value>();
  const outputs = new Set(graph.outputs.map((v) => v.name));
  const now = (v: Value): Value => made.get(v.name) ?? b.value(v.name) ?? v;
  for (const node of graph.nodes) {
    const dtype = computedIn(node, now);
    const inputs = node.inputs.map((v, i) => v && (readsNumbers(node, i) ? castTo(b, now(v), dtype) : now(v)));
    const isTold = dtype === "float16" && node.outputs.some((v) => outputs.has(v.name));
    const names = node.outputs.map((v) => (isTold ? b.fresh(`${v.name}/half`) : v.name));
    const { name, domain } = node;
    const values = b.ops(node.op, inputs, node.attrs, {
      ...(name === undefined ? {} : { name }),
      ...(domain === undefined ? {} : { domain }),
      outputs: names,
    });
    for (const [i, v] of node.outputs.entries()) {
      const value = values[i];
      if (!value) continue;
      made.set(v.name, value);
      if (value.name !== v.name) castTo(b, value, v.dtype, v.name);
    }
  }
  return b.build(graph.outputs.map((v) => b.value(v.name) ?? v));
}

/** float16 for a product of float32 numbers, and for what follows one; the type that the node had elsewhere. */
function computedIn(node: Node, now: (v: Value) => Value): DType {
  const read = node.inputs.flatMap((v, i) => (v && readsNumbers(node, i) ? [now(v)] : []));
  const isSingle = read.length > 0 && node.inputs.every((v) => !v || v.dtype === "float32" || !isFloating(v.dtype));
  if (!isSingle || node.domain) return "float32";
  if (PRODUCTS.has(node.op)) return "float16";
  return FOLLOWING.has(node.op) && read.some((v) => v.dtype === "float16") ? "float16" : "float32";
}

/** Whether an input holds what is computed with, rather than axes, shapes or indices. */
function readsNumbers(node: Node, i: number): boolean {
  return node.inputs[i]?.dtype === "float32";
}

function castTo(b: GraphBuilder, v: Value, dtype: DType, name?: string): Value {
  if (v.dtype === dtype) return v;
  return b.op("Cast", [v], { to: elementTypeNumber(dtype) }, name === undefined ? {} : { outputs: [name] });
}
