import { ToolkitError } from "../errors.ts";
import { GraphBuilder } from "../graph/builder.ts";
import type { Graph, Value } from "../graph/ir.ts";
import { fillUniform, hashText } from "../graph/random.ts";
import { sizeOf } from "../graph/tensor.ts";
import { operators } from "../operators/index.ts";
import { cut } from "./cut.ts";
import { findHead } from "./find-head.ts";
import type { Head, HeadOptions } from "./find-head.ts";

/** Names of the new head's parameters: weight [K,F] and bias [K]. */
export const HEAD_WEIGHT = "head.weight";
export const HEAD_BIAS = "head.bias";
/** Names of the optional hidden layer's: weight [H,F] and bias [H]. */
export const HIDDEN_WEIGHT = "head.hidden.weight";
export const HIDDEN_BIAS = "head.hidden.bias";
/** Name of the new output. */
export const LOGITS = "logits";

export interface ReplaceHeadOptions extends HeadOptions {
  readonly classes: number;
  readonly seed: number;
  /** Width of a hidden layer with Relu; none where absent. */
  readonly hidden?: number;
  /** Share of the inputs of the last layer that training drops, 0 to below 1: see the pass `trainingDropout`. */
  readonly dropout?: number;
}

/**
 * Puts a new fully connected layer on the feature; all behind the feature is dropped, the backbone's constants stay the same objects.
 * Weights and biases start uniform in +-1/sqrt(F), as torch.nn.Linear does (He et al. 2015 with a = sqrt 5).
 * @throws E_NO_HEAD, E_NO_FEATURE, E_NO_VALUE, E_SETTING
 */
export function replaceHead(graph: Graph, options: ReplaceHeadOptions): Graph {
  const { classes, seed, hidden, dropout = 0 } = options;
  checkSettings(options);
  const head = findHead(graph, options);
  const b = new GraphBuilder(operators, cut(graph, { outputs: [(head.map ?? head.feature).name] }));
  const feature = featureOf(b, head);
  const wide =
    hidden === undefined ? feature : b.op("Relu", [linear(b, feature, hidden, seed, [HIDDEN_WEIGHT, HIDDEN_BIAS])]);
  const kept = dropout === 0 ? wide : b.op("Dropout", [wide, b.scalar(dropout)], {}, { name: "head.dropout" });
  const logits = linear(b, kept, classes, seed, [HEAD_WEIGHT, HEAD_BIAS], LOGITS);
  return b.build([logits]);
}

function featureOf(b: GraphBuilder, { feature, map }: Head): Value {
  if (!map) return feature;
  const isPoint = map.shape.slice(2).every((dim) => dim === 1);
  const mean = isPoint ? map : b.op("GlobalAveragePool", [map]);
  return b.op("Flatten", [mean], { axis: 1 }, { outputs: [feature.name] });
}

function linear(
  b: GraphBuilder,
  x: Value,
  width: number,
  seed: number,
  names: readonly [string, string],
  output?: string,
): Value {
  const features = x.shape[1];
  if (typeof features !== "number") {
    throw new ToolkitError(
      "E_NO_FEATURE",
      `Cannot put a head on "${x.name}": its width "${features ?? ""}" is not known`,
    );
  }
  const bound = 1 / Math.sqrt(features);
  const parameter = (name: string, shape: readonly number[]): Value =>
    b.constant(
      { dtype: "float32", shape, data: fillUniform(sizeOf(shape), seed, hashText(name), -bound, bound) },
      name,
    );
  const [weight, bias] = names;
  const inputs = [x, parameter(weight, [width, features]), parameter(bias, [width])];
  return b.op(
    "Gemm",
    inputs,
    { transB: 1 },
    { name: weight.replace(/\.weight$/, ""), ...(output ? { outputs: [output] } : {}) },
  );
}

function checkSettings({ classes, hidden, dropout = 0 }: ReplaceHeadOptions): void {
  if (!isCount(classes)) refuse("classes", classes, "a whole number above 0");
  if (hidden !== undefined && !isCount(hidden)) refuse("hidden", hidden, "a whole number above 0");
  if (!(dropout >= 0 && dropout < 1)) refuse("dropout", dropout, "a number from 0 to below 1");
}

function isCount(n: number): boolean {
  return Number.isInteger(n) && n > 0;
}

function refuse(name: string, value: number, expected: string): never {
  throw new ToolkitError("E_SETTING", `Cannot replace the head with ${name} ${value}: expected ${expected}`);
}
