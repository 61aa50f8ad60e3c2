import type { Attribute, Graph, Node } from "../graph/ir.ts";

/** What one element of a map sees of the picture, and how far apart two neighbours look, in pixels along the height. */
export interface ReceptiveField {
  readonly sizePx: number;
  readonly stridePx: number;
}

/** Operators behind which an element sees the whole picture. */
const GLOBAL = new Set([
  "GlobalAveragePool",
  "GlobalMaxPool",
  "Flatten",
  "Reshape",
  "Gemm",
  "MatMul",
  "ReduceMean",
  "ReduceSum",
  "ReduceMax",
  "Squeeze",
]);
const WINDOWS = new Set(["Conv", "MaxPool", "AveragePool", "LpPool"]);

/**
 * The receptive field of every map, by value name; absent where it is the whole picture. A sum sees what its widest operand sees; what a product is
 * weighted by (squeeze-excite, attention over channels) sees the whole picture and is left out of account.
 * Formula: size + (kernel - 1) * stride of what is read (Araujo, Norris and Sim 2019, "Computing receptive fields of convolutional neural networks").
 */
export function receptiveFields(graph: Graph): ReadonlyMap<string, ReceptiveField> {
  const fields = new Map<string, ReceptiveField>();
  for (const v of graph.inputs) if (v.shape.length === 4) fields.set(v.name, { sizePx: 1, stridePx: 1 });
  for (const node of graph.nodes) {
    const field = GLOBAL.has(node.op) ? undefined : fieldOf(node, fields);
    if (field) for (const v of node.outputs) fields.set(v.name, field);
  }
  return fields;
}

function fieldOf(node: Node, fields: ReadonlyMap<string, ReceptiveField>): ReceptiveField | undefined {
  const read = node.inputs.map((v) => fields.get(v?.name ?? "")).filter((field) => field !== undefined);
  const [first, ...rest] = read;
  if (!first) return undefined;
  const widest = rest.reduce((a, b) => (b.sizePx > a.sizePx ? b : a), first);
  if (!WINDOWS.has(node.op)) return widest;
  const [kernel = 1] = list(node.attrs["kernel_shape"]) ?? node.inputs[1]?.shape.slice(2).map(Number) ?? [];
  const [dilation = 1] = list(node.attrs["dilations"]) ?? [];
  const [stride = 1] = list(node.attrs["strides"]) ?? [];
  return { sizePx: widest.sizePx + (kernel - 1) * dilation * widest.stridePx, stridePx: widest.stridePx * stride };
}

function list(v: Attribute | undefined): readonly number[] | undefined {
  return Array.isArray(v) ? v.map(Number) : undefined;
}
