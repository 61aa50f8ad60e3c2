import { errorMessage, errorCode } from "../errors.ts";
import { operatorKey } from "../graph/ir.ts";
import type { Dim, Graph, Model, Node, TensorType, Value } from "../graph/ir.ts";
import type { Operators } from "../graph/operator.ts";
import { sizeOf } from "../graph/tensor.ts";
import { operators as standardOperators } from "../operators/index.ts";
import { findHead } from "../passes/find-head.ts";
import type { HeadOptions } from "../passes/find-head.ts";
import { inferTypes } from "../passes/infer-types.ts";
import { declaredSize, imageInput, normalise, sizeDependence, unsupportedOperators } from "../passes/normalise.ts";
import type { NormaliseOptions } from "../passes/normalise.ts";
import { parametersOf } from "../passes/parameters.ts";
import { precisionOf } from "../passes/precision-of.ts";
import type { Precision } from "../passes/precision-of.ts";
import { batchNormPolicy } from "../passes/restore-batch-norm.ts";
import type { BatchNormPolicy } from "../passes/restore-batch-norm.ts";
import { inspectCuts } from "./inspect-cuts.ts";
import type { InspectedCut } from "./inspect-cuts.ts";
import { multiplyAdds } from "./multiply-adds.ts";
import { receptiveFields } from "./receptive-field.ts";

export interface InspectOptions extends HeadOptions, Pick<NormaliseOptions, "operators" | "rewrites"> {
  /** Side of the picture the table is made for; the file's own where absent, else 224. */
  readonly sizePx?: number;
}

export interface InspectedValue {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly Dim[];
}

export interface InspectedHead {
  /** Names of the head's nodes (of their outputs where they have none). */
  readonly nodes: readonly string[];
  readonly feature: string;
  readonly features: number;
  readonly logits: string;
  readonly weight: string | null;
  readonly bias: string | null;
  readonly classes: number | null;
}

/** One node at one picture size. */
export interface Layer {
  readonly name: string;
  readonly operator: string;
  readonly output: readonly Dim[];
  /** Learnt numbers; a weight that several nodes read counts at the first. */
  readonly parameters: number;
  readonly multiplyAdds: number;
  /** Side in pixels of what one output element sees; null behind a global pool, where it is the whole picture. */
  readonly receptiveFieldPx: number | null;
}

/** What all layers come to, for one picture; memory as float32. */
export interface InspectedTotals {
  readonly layers: number;
  /** Learnt numbers. */
  readonly parameters: number;
  /** Numbers that are kept but not learnt: the running means and variances of BatchNormalization. */
  readonly statistics: number;
  readonly multiplyAdds: number;
  readonly parameterBytes: number;
  readonly inputBytes: number;
  /** Of the outputs of all layers. Training keeps most of them, and makes a gradient for each. */
  readonly activationBytes: number;
}

/** Everything `inspect` says about a model, as plain data. */
export interface Inspection {
  readonly opset: number;
  /** How its weights are stored; with int8 it also computes in 8 bits. */
  readonly precision: Precision;
  readonly inputs: readonly InspectedValue[];
  readonly outputs: readonly InspectedValue[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Operators that are not supported; where there are any, nothing below is known. */
  readonly unsupported: readonly string[];
  readonly head: InspectedHead | null;
  /** Why no head was found. */
  readonly noHead: string | null;
  readonly batchNorm: BatchNormPolicy | null;
  /** Size in pixels that the file declares; null where it is open. */
  readonly declaredSizePx: number | null;
  /** Why the model takes its declared size only; null where it takes any. */
  readonly sizeDependence: string | null;
  /** Size in pixels the layers are given for. */
  readonly sizePx: number | null;
  readonly layers: readonly Layer[];
  /** Where training may begin, with all in front of it frozen; none where no head was found. */
  readonly cuts: readonly InspectedCut[];
  readonly totals: InspectedTotals;
  /** Operators through which no gradient can flow, because nobody wrote their rule. */
  readonly withoutGradient: readonly string[];
}

/** Size in pixels for a file that declares none. */
const SIZE_PX = 224;
const FLOAT32_BYTES = 4;

/**
 * Looks at a model as its file has it: inputs and outputs, head, BatchNorm, and every layer's cost for one picture.
 * @throws E_SHAPE where the graph does not fit the size
 */
export function inspectModel(model: Model, options: InspectOptions = {}): Inspection {
  const { operators = standardOperators } = options;
  const unsupported = [...new Set(unsupportedOperators(model, options).map(operatorKey))];
  const raw = {
    opset: model.opsets.get("") ?? 0,
    precision: precisionOf(model.graph),
    metadata: Object.fromEntries(model.metadata),
    unsupported,
    declaredSizePx: declaredSize(model) ?? null,
  };
  if (unsupported.length > 0) return { ...raw, ...nothingKnown(model.graph) };
  const { graph } = normalise(model, options);
  const dependence = sizeDependence(graph, operators) ?? null;
  const sizePx =
    dependence === null ? (options.sizePx ?? raw.declaredSizePx ?? SIZE_PX) : (raw.declaredSizePx ?? SIZE_PX);
  const sized = atSize(graph, sizePx, operators);
  const layers = layersOf(sized, operators);
  return {
    ...raw,
    inputs: graph.inputs.map(describeValue),
    outputs: graph.outputs.map(describeValue),
    ...headOf(graph, options, sizePx, operators),
    batchNorm: batchNormPolicy(graph),
    sizeDependence: dependence,
    sizePx,
    layers,
    totals: totalsOf(sized, layers),
    withoutGradient: [...new Set(graph.nodes.filter((node) => lacksGradient(node, operators)).map(operatorKey))],
  };
}

function nothingKnown(
  graph: Graph,
): Omit<Inspection, "opset" | "precision" | "metadata" | "unsupported" | "declaredSizePx"> {
  return {
    inputs: graph.inputs.map(describeValue),
    outputs: graph.outputs.map(describeValue),
    head: null,
    noHead: null,
    batchNorm: null,
    sizeDependence: null,
    sizePx: null,
    layers: [],
    cuts: [],
    totals: { ...totalsOf({ ...graph, nodes: [], inputs: [] }, []), layers: graph.nodes.length },
    withoutGradient: [],
  };
}

function headOf(
  graph: Graph,
  options: HeadOptions,
  sizePx: number,
  operators: Operators,
): Pick<Inspection, "head" | "noHead" | "cuts"> {
  try {
    const head = findHead(graph, options);
    return {
      head: {
        nodes: head.nodes.map(nameOf),
        feature: head.feature.name,
        features: head.features,
        logits: head.logits.name,
        weight: head.weight ?? null,
        bias: head.bias ?? null,
        classes: head.classes ?? null,
      },
      noHead: null,
      cuts: inspectCuts(graph, head, sizePx, operators),
    };
  } catch (error) {
    if (errorCode(error) !== "E_NO_HEAD") throw error;
    return { head: null, noHead: errorMessage(error), cuts: [] };
  }
}

/** The graph for one picture of `size` x `size` pixels. */
function atSize(graph: Graph, size: number, operators: Operators): Graph {
  const image = imageInput(graph);
  const shapes = graph.inputs.map((v) => {
    const extent = (dim: Dim, axis: number): Dim => {
      const isSize = v.name === image?.value.name && (axis === image.height || axis === image.width);
      return dim === "N" ? 1 : isSize && typeof dim === "string" ? size : dim;
    };
    return [v.name, v.shape.map(extent)] as const;
  });
  return inferTypes(graph, new Map(shapes), operators);
}

function layersOf(graph: Graph, operators: Operators): readonly Layer[] {
  const learnt = new Set(parametersOf(graph, operators));
  const fields = receptiveFields(graph);
  return graph.nodes.map((node) => {
    const own = node.inputs.filter((v) => v && learnt.delete(v.name));
    return {
      name: nameOf(node),
      operator: operatorKey(node),
      output: node.outputs[0]?.shape ?? [],
      parameters: sum(own.map((v) => sizeOf(graph.constants.get(v?.name ?? "")?.shape ?? [0]))),
      multiplyAdds: multiplyAdds(node),
      receptiveFieldPx: fields.get(node.outputs[0]?.name ?? "")?.sizePx ?? null,
    };
  });
}

/** Of a graph whose extents are all known. */
function totalsOf(graph: Graph, layers: readonly Layer[]): InspectedTotals {
  const parameters = sum(layers.map((layer) => layer.parameters));
  const norms = graph.nodes.filter((node) => operatorKey(node) === "BatchNormalization");
  // two layers may share theirs
  const running = new Set(norms.flatMap((node) => node.inputs.slice(3, 5).map((v) => v?.name ?? "")));
  return {
    layers: layers.length,
    parameters,
    statistics: sum([...running].map((name) => sizeOf(graph.constants.get(name)?.shape ?? [0]))),
    multiplyAdds: sum(layers.map((layer) => layer.multiplyAdds)),
    parameterBytes: parameters * FLOAT32_BYTES,
    inputBytes: sum(graph.inputs.map((v) => elements(v.shape))) * FLOAT32_BYTES,
    activationBytes: sum(layers.map((layer) => elements(layer.output))) * FLOAT32_BYTES,
  };
}

/** How many numbers a shape has; an extent that is not known counts as 1. */
function elements(shape: readonly Dim[]): number {
  return shape.reduce<number>((product, dim) => product * (typeof dim === "number" ? dim : 1), 1);
}

/** `null` is a rule: zero by definition. A missing one is not. */
function lacksGradient(node: Node, operators: Operators): boolean {
  return operators.get(operatorKey(node))?.gradient === undefined;
}

function describeValue({ name, dtype, shape }: Value & TensorType): InspectedValue {
  return { name, dtype, shape };
}

function nameOf(node: Node): string {
  return node.name ?? node.outputs[0]?.name ?? "";
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
