import { ToolkitError } from "../errors.ts";
import { producers, valueNamed } from "../graph/ir.ts";
import type { Graph, Node, Value } from "../graph/ir.ts";
import { formatShape } from "../graph/shape.ts";
import { describeNode } from "../onnx/describe-node.ts";

/** The last layer of a classifier. */
export interface Head {
  /** What the head reads, [N,F]. Where that is a map [N,F,H,W], the map's mean: `replaceHead` makes it under this name. */
  readonly feature: Value;
  /** The map that `feature` is the mean of. */
  readonly map?: Value;
  /** The layer's nodes: Gemm, MatMul and perhaps Add, or Conv. */
  readonly nodes: readonly Node[];
  /** The scores before any softmax, [N,K]. */
  readonly logits: Value;
  /** Name of the layer's weight; absent where a feature was named that no such layer reads. */
  readonly weight?: string;
  readonly bias?: string;
  /** K, where it is known. */
  readonly classes?: number;
  /** F */
  readonly features: number;
}

export interface HeadOptions {
  /** Name of the head's node, or of its output. */
  readonly head?: string;
  /** Name of the value that the head reads; a map [N,F,H,W] is averaged. */
  readonly feature?: string;
}

/** What may stand between the logits and the output. */
const TRAILING = new Set([
  "Softmax",
  "LogSoftmax",
  "Sigmoid",
  "Identity",
  "Dropout",
  "Cast",
  "Flatten",
  "Reshape",
  "Squeeze",
]);
const HINT =
  "name the last layer with --head NODE, or the value that a new head shall read with --features VALUE; inspect MODEL lists both";

/**
 * The last linear layer before the output: Gemm, MatMul (and Add) or a 1x1 Conv, behind any softmax, reshaping or scaling.
 * @throws E_NO_HEAD with what stands there instead, E_NO_FEATURE for a named value that is neither [N,F] nor a map, E_NO_VALUE
 */
export function findHead(graph: Graph, options: HeadOptions = {}): Head {
  const makers = producers(graph);
  if (options.head !== undefined) {
    const node = nodeNamed(graph, options.head);
    return (
      layerAt(node, node.outputs[0], graph, makers) ??
      noHead(`${describeNode(node)} is no Gemm, MatMul or 1x1 Conv with a constant weight`)
    );
  }
  const found = lastLayer(graph);
  if (options.feature !== undefined) return headReading(valueNamed(graph, options.feature), graph, found);
  return found ?? noHead(whatIsThere(outputsInOrder(graph)[0], makers));
}

/** The last linear layer, where there is one: `findHead` without options and without an error. */
export function lastLayer(graph: Graph): Head | undefined {
  const makers = producers(graph);
  return outputsInOrder(graph)
    .map((v) => headBehind(v, graph, makers))
    .find((head) => head !== undefined);
}

/** The outputs, one called "logits" first. */
function outputsInOrder(graph: Graph): readonly Value[] {
  return graph.outputs.toSorted((a, b) => Number(b.name === "logits") - Number(a.name === "logits"));
}

function headBehind(output: Value, graph: Graph, makers: ReadonlyMap<string, Node>): Head | undefined {
  let value = output;
  let logits = output;
  let pooled = false;
  for (;;) {
    const node = makers.get(value.name);
    const [x] = node?.inputs ?? [];
    if (!node || !x || node.domain) return undefined;
    const layer = layerAt(node, logits.shape.length === 2 && value.shape.length !== 2 ? logits : value, graph, makers);
    if (layer) return pooled && !layer.map ? undefined : layer;
    // SqueezeNet: Conv, Relu, GlobalAveragePool
    const pools: boolean = node.op === "GlobalAveragePool" || (pooled && node.op === "Relu");
    if (!pools && !TRAILING.has(node.op) && !isScaling(node, graph)) return undefined;
    pooled ||= pools;
    value = x;
    if (!pooled || value.shape.length === 2) logits = value.shape.length === 2 ? value : logits;
  }
}

/** The head whose last node is `node`, if that is a linear layer. */
function layerAt(
  node: Node,
  logits: Value | undefined,
  graph: Graph,
  makers: ReadonlyMap<string, Node>,
): Head | undefined {
  if (!logits) return undefined;
  if (node.op === "Add") return biasedProduct(node, logits, graph, makers);
  const [x, w, bias] = node.inputs;
  const weight = w && graph.constants.get(w.name);
  if (!x || !w || !weight || graph.constants.has(x.name)) return undefined;
  const named = { weight: w.name, ...(bias ? { bias: bias.name } : {}), nodes: [node] };
  const [first, second] = weight.shape;
  if (first === undefined || second === undefined) return undefined;
  if (node.op === "Conv") {
    const plain = weight.shape.length === 4 && weight.shape.slice(2).every((k) => k === 1) && x.shape[1] === second;
    return plain ? { ...named, logits, ...pooledFeature(x, second), classes: first, features: second } : undefined;
  }
  if (x.shape.length !== 2 || weight.shape.length !== 2) return undefined;
  const outFirst = node.op === "Gemm" && node.attrs["transB"] === 1;
  const [features, classes] = outFirst ? [second, first] : [first, second];
  const linear = node.op === "MatMul" || (node.op === "Gemm" && node.attrs["transA"] !== 1);
  return linear ? { ...named, feature: x, logits, classes, features } : undefined;
}

function biasedProduct(add: Node, logits: Value, graph: Graph, makers: ReadonlyMap<string, Node>): Head | undefined {
  const bias = add.inputs.find((v) => v && graph.constants.has(v.name));
  const sum = add.inputs.find((v) => v && !graph.constants.has(v.name));
  const product = sum && makers.get(sum.name);
  if (!bias || product?.op !== "MatMul") return undefined;
  const layer = layerAt(product, logits, graph, makers);
  return layer && { ...layer, bias: bias.name, nodes: [product, add] };
}

/** Multiplication or division by one number: a temperature. */
function isScaling(node: Node, graph: Graph): boolean {
  const by = graph.constants.get(node.inputs[1]?.name ?? "");
  return (node.op === "Div" || node.op === "Mul") && by?.data.length === 1;
}

/** The mean of a map as the feature; a value that the graph need not have. */
function pooledFeature(map: Value, features: number): Pick<Head, "feature" | "map"> {
  return { map, feature: { name: `${map.name}.pooled`, dtype: map.dtype, shape: [map.shape[0] ?? "N", features] } };
}

function headReading(value: Value, graph: Graph, found: Head | undefined): Head {
  const [, features] = value.shape;
  const isMap = value.shape.length === 4;
  const isComputed = !graph.constants.has(value.name);
  if (!isComputed || typeof features !== "number" || (value.shape.length !== 2 && !isMap)) {
    throw new ToolkitError(
      "E_NO_FEATURE",
      `Cannot put a head on "${value.name}" ${formatShape(value.shape)}: expected [N,F] or a map [N,F,H,W]`,
      {
        hint: "inspect MODEL lists the values of a model and their shapes",
      },
    );
  }
  if (found && (found.map ?? found.feature).name === value.name) return found;
  const [output] = graph.outputs;
  const logits = found?.logits ?? output ?? value;
  const classes = logits.shape.at(-1);
  return {
    ...(isMap ? pooledFeature(value, features) : { feature: value }),
    nodes: [],
    logits,
    ...(typeof classes === "number" ? { classes } : {}),
    features,
  };
}

function nodeNamed(graph: Graph, name: string): Node {
  const node =
    graph.nodes.find((n) => n.name === name) ?? graph.nodes.find((n) => n.outputs.some((v) => v.name === name));
  return node ?? noHead(`no node is called "${name}", and none makes a value of that name`);
}

function whatIsThere(output: Value | undefined, makers: ReadonlyMap<string, Node>): string {
  const node = output && makers.get(output.name);
  const maker = node ? ` made by ${describeNode(node)}` : "";
  return `the model ends with "${output?.name ?? ""}" ${formatShape(output?.shape ?? [])}${maker}, expected Gemm, MatMul or a 1x1 Conv with a constant weight`;
}

function noHead(reason: string): never {
  throw new ToolkitError("E_NO_HEAD", `Cannot find the head: ${reason}`, { hint: HINT });
}
