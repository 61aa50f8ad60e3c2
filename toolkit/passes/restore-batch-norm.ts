import { ToolkitError } from "../errors.ts";
import { GraphBuilder } from "../graph/builder.ts";
import { consumers, isMadeUp, valuesByName } from "../graph/ir.ts";
import type { Graph, Node, Value } from "../graph/ir.ts";
import type { Operators } from "../graph/operator.ts";
import { float32 } from "../graph/tensor.ts";
import type { TensorData } from "../graph/tensor.ts";
import { operators as standardOperators } from "../operators/index.ts";
import { channelsOf, layerName, scaleFilters } from "./conv-batch-norm.ts";
import { lastLayer } from "./find-head.ts";
import { prune } from "./prune.ts";

/** Mean and biased variance of each channel of a convolution's output, over photos and positions, [C] each. */
export interface ChannelStatistics {
  readonly mean: Float32Array;
  readonly variance: Float32Array;
}

/** What stands in a network: its BatchNormalization, a BatchNormalization folded into biases, or nothing that says so. */
export type BatchNormPolicy = "has-batch-norm" | "folded" | "none";

const EPSILON = 1e-5;
/** Operators of a network that normalises in another way (LayerNormalization and its kin are written with Sqrt). */
const OTHER_NORMS = new Set(["LayerNormalization", "InstanceNormalization", "GroupNormalization", "Sqrt"]);

/** Whether a network's BatchNormalization was folded (that of a DenseNet in part), is there, or neither, as far as `restorable` can tell. */
export function batchNormPolicy(graph: Graph): BatchNormPolicy {
  if (restorable(graph).length > 0) return "folded";
  return graph.nodes.some(isBatchNorm) ? "has-batch-norm" : "none";
}

export interface RestorableOptions {
  /** The user asks for BatchNormalization: it is put behind every convolution of a network without any norm, folded or not. */
  readonly asked?: boolean;
}

/**
 * The outputs of the convolutions that `restoreBatchNorm` may be given statistics for; none where the network is not a folded one. A bias alone does not
 * prove that (VGG has biases and never had a norm). Taken for folded are convolutions that exporters name so, and, where no name says anything,
 * - all of a network without any norm that is residual or has depthwise convolutions, if each of them has a bias,
 * - in a network with BatchNormalization those with a bias, where others have neither bias nor BatchNormalization (DenseNet).
 * A convolution that gives one pixel (squeeze-excite), and the head, never had a norm.
 */
export function restorable(graph: Graph, { asked = false }: RestorableOptions = {}): readonly Value[] {
  const head = lastLayer(graph)?.nodes ?? [];
  const normed = new Set(graph.nodes.filter(isBatchNorm).map((node) => node.inputs[0]?.name));
  const convs = graph.nodes.filter(
    (node) =>
      node.op === "Conv" &&
      !node.domain &&
      !isPoint(node) &&
      !isMadeUp(node.inputs[1]?.name ?? "") &&
      !head.includes(node) &&
      !normed.has(node.outputs[0]?.name),
  );
  const biased = convs.filter((node) => channelsOf(graph, node, 2) && graph.constants.has(node.inputs[1]?.name ?? ""));
  const named = biased.filter(isNamedAsFolded);
  const found = named.length > 0 ? named : foldedByForm(graph, convs, biased, asked) ? biased : [];
  return found.flatMap((node) => node.outputs);
}

function foldedByForm(graph: Graph, convs: readonly Node[], biased: readonly Node[], asked: boolean): boolean {
  if (graph.nodes.some(isBatchNorm)) return biased.length > 1 && biased.length < convs.length;
  if (graph.nodes.some((node) => OTHER_NORMS.has(node.op)) || biased.length < convs.length) return false;
  return asked || graph.nodes.some((node) => isResidual(node, graph)) || convs.some((node) => isDepthwise(node, graph));
}

/**
 * Whether a convolution has the names that PyTorch's exporters give to one they folded: "onnx::Conv_7" for both constants (TorchScript), "NAME_bias" beside
 * the weight "NAME" or the BatchNormalization's output "getitem" (the current one).
 */
function isNamedAsFolded({ inputs: [, weight, bias], outputs: [output] }: Node): boolean {
  const merged = [weight, bias].every((v) => v?.name.startsWith("onnx::Conv_"));
  return merged || bias?.name === `${weight?.name ?? ""}_bias` || /^getitem(_\d+)?$/.test(output?.name ?? "");
}

/**
 * Gives folded convolutions their BatchNormalization back. With mean m and variance v of the output of W x + b, and g = sqrt(v + eps), that output becomes
 * BatchNormalization(conv(W / g, x); scale g sqrt(r + eps), bias m, running mean (m - b) / g, running variance r = v / g^2): the same function,
 * conditioned as the network was before it was folded. The scale is exact for channels with v = 0.
 * @throws E_GRAPH where the statistics name a value that no convolution with constant weights makes, or have another number of channels
 */
export function restoreBatchNorm(
  graph: Graph,
  statistics: ReadonlyMap<string, ChannelStatistics>,
  operators: Operators = standardOperators,
): Graph {
  const replaced = replacedWeights(graph, statistics);
  const constants = new Map([...graph.constants].filter(([name]) => !replaced.has(name)));
  const names = new Set([...valuesByName(graph).keys()].filter((name) => !replaced.has(name)));
  const b = new GraphBuilder(operators, { ...graph, constants, nodes: [] }, names);
  const missing = new Set(statistics.keys());
  for (const node of graph.nodes) {
    const name = node.outputs[0]?.name ?? "";
    const measured = statistics.get(name);
    if (!measured) {
      b.copy(node);
      continue;
    }
    missing.delete(name);
    writeNormed(b, graph, node, measured, names);
  }
  const [unknown] = missing;
  if (unknown !== undefined)
    throw new ToolkitError("E_GRAPH", `Cannot restore BatchNormalization at "${unknown}": no node makes it`);
  return prune(b.build(graph.outputs));
}

function writeNormed(
  b: GraphBuilder,
  graph: Graph,
  conv: Node,
  { mean, variance }: ChannelStatistics,
  names: Set<string>,
): void {
  const [x, w] = conv.inputs;
  const [output] = conv.outputs;
  const weight = w && graph.constants.get(w.name);
  const channels = weight?.shape[0];
  if (conv.op !== "Conv" || !x || !output || !weight || channels !== mean.length || channels !== variance.length) {
    const what = conv.op === "Conv" ? `a Conv of ${channels ?? "unknown"} channels` : conv.op;
    throw new ToolkitError(
      "E_GRAPH",
      `Cannot restore BatchNormalization at "${output?.name ?? ""}": it is made by ${what}, measured were ${mean.length}`,
    );
  }
  const bias = channelsOf(graph, conv, 2) ?? new Float32Array(channels);
  const deviation = Float64Array.from(variance, (v) => Math.sqrt(v + EPSILON));
  const running = Float32Array.from(variance, (v, c) => v / (deviation[c] ?? 1) ** 2);
  const layer = layerName(w.name);
  const put = (name: string, t: TensorData): Value => {
    const free = names.has(name) ? b.fresh(name) : name;
    names.add(free);
    return b.constant(t, free);
  };
  const perChannel = (name: string, of: (c: number) => number): Value =>
    put(
      `${layer}.bn.${name}`,
      float32(
        [channels],
        Array.from({ length: channels }, (_, c) => of(c)),
      ),
    );
  const g = (c: number): number => deviation[c] ?? 1;
  const inputs = [
    perChannel("scale", (c) => g(c) * Math.sqrt((running[c] ?? 0) + EPSILON)),
    perChannel("bias", (c) => mean[c] ?? 0),
    perChannel("mean", (c) => ((mean[c] ?? 0) - (bias[c] ?? 0)) / g(c)),
    perChannel("variance", (c) => running[c] ?? 0),
  ];
  const scaled = put(
    w.name,
    scaleFilters(
      weight,
      deviation.map((d) => 1 / d),
    ),
  );
  const plain = b.op("Conv", [x, scaled], conv.attrs, conv.name === undefined ? {} : { name: conv.name });
  b.op("BatchNormalization", [plain, ...inputs], { epsilon: { float: EPSILON } }, { outputs: [output.name] });
}

/** The weights of measured convolutions that nothing else reads: what takes their place keeps their names. */
function replacedWeights(graph: Graph, statistics: ReadonlyMap<string, ChannelStatistics>): ReadonlySet<string> {
  const readers = consumers(graph);
  const weights = graph.nodes
    .filter((node) => statistics.has(node.outputs[0]?.name ?? ""))
    .map((node) => node.inputs[1]?.name ?? "");
  return new Set(weights.filter((name) => readers.get(name)?.length === 1));
}

/** Whether a convolution's output is one pixel: a head, or a squeeze-excite layer. */
function isPoint(node: Node): boolean {
  return node.outputs[0]?.shape.slice(2).every((dim) => dim === 1) ?? true;
}

function isBatchNorm({ op }: Node): boolean {
  return op === "BatchNormalization" || op === "BatchNormalizationTraining";
}

/** Whether each channel has a filter of its own. */
function isDepthwise({ attrs, inputs }: Node, graph: Graph): boolean {
  const group = attrs["group"];
  return typeof group === "number" && group > 1 && graph.constants.get(inputs[1]?.name ?? "")?.shape[1] === 1;
}

/** Whether a node adds two maps that are both computed. */
function isResidual(node: Node, graph: Graph): boolean {
  return node.op === "Add" && node.inputs.every((v) => v?.shape.length === 4 && !graph.constants.has(v.name));
}
