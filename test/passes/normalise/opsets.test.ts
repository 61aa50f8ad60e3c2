import { random } from "../raw-model.ts";
import type { RawModel } from "../raw-model.ts";
import { sameAfter } from "./one-node.ts";
import type { Attributes } from "../../../toolkit/graph/ir.ts";
import type { TensorData } from "../../../toolkit/graph/tensor.ts";

interface Case {
  /** The first opset that has it in this form; 7 where absent. */
  readonly since?: number;
  /** The last opset that has it in this form; 23 where absent. */
  readonly until?: number;
  readonly attrs?: Attributes;
  /** Shape of what is fed; a matrix where absent. */
  readonly x?: readonly number[];
  readonly weights?: Readonly<Record<string, TensorData>>;
  /** An operator in front of it that brings every number into its domain. */
  readonly behind?: string;
  readonly twice?: boolean;
}

const maps = [2, 4, 6, 5];
const window = { kernel_shape: [3, 2], strides: [2, 1], pads: [1, 0, 1, 1] };
const channels = { s: random([4], 5), b: random([4], 6) };
const positive = { ...random([4], 8), data: Float32Array.of(0.5, 1, 2, 3) };

const cases: Readonly<Record<string, Case>> = {
  Relu: {},
  LeakyRelu: { attrs: { alpha: { float: 0.3 } } },
  PRelu: { weights: { slope: random([5], 5) } },
  Elu: { attrs: { alpha: { float: 1.5 } } },
  Selu: {},
  Celu: { since: 12, attrs: { alpha: { float: 0.7 } } },
  Sigmoid: {},
  Tanh: {},
  Softplus: {},
  Softsign: {},
  HardSigmoid: { attrs: { alpha: { float: 0.3 } } },
  HardSwish: { since: 14 },
  ThresholdedRelu: { since: 10, attrs: { alpha: { float: 0.4 } } },
  Shrink: { since: 9, attrs: { lambd: { float: 0.3 }, bias: { float: 0.1 } } },
  Mish: { since: 18 },
  Gelu: { since: 20 },
  Erf: { since: 9 },
  Softmax: {},
  LogSoftmax: {},
  Hardmax: {},
  Exp: {},
  Neg: {},
  Abs: {},
  Sign: { since: 9 },
  Floor: {},
  Ceil: {},
  Round: { since: 11 },
  Reciprocal: {},
  Log: { behind: "Sigmoid" },
  Sqrt: { behind: "Sigmoid" },
  Sin: {},
  Cos: {},
  Tan: { behind: "Sigmoid" },
  Asin: { behind: "Sigmoid" },
  Acos: { behind: "Sigmoid" },
  Atan: {},
  Sinh: { since: 9 },
  Cosh: { since: 9 },
  Asinh: { since: 9 },
  Acosh: { since: 9, behind: "Cosh" },
  Atanh: { since: 9, behind: "Sigmoid" },
  Add: { weights: { w: random([5], 5) } },
  Sub: { weights: { w: random([5], 5) } },
  Mul: { weights: { w: random([3, 1], 5) } },
  Div: { weights: { w: random([1], 5) } },
  Pow: { weights: { w: positive }, x: [3, 4], behind: "Sigmoid" },
  Min: { twice: true },
  Max: { twice: true },
  Sum: { twice: true },
  Mean: { twice: true },
  MatMul: { weights: { w: random([5, 4], 5) } },
  Gemm: { weights: { w: random([4, 5], 5), c: random([4], 6) }, attrs: { transB: 1, alpha: { float: 0.5 } } },
  Conv: { x: maps, weights: { w: random([4, 2, 3, 2], 5), b: random([4], 6) }, attrs: { ...window, group: 2 } },
  ConvTranspose: { x: maps, weights: { w: random([4, 3, 3, 2], 5) }, attrs: window },
  MaxPool: { x: maps, attrs: window },
  AveragePool: { x: maps, attrs: { ...window, count_include_pad: 1 } },
  LpPool: { x: maps, attrs: { ...window, p: 3 } },
  GlobalAveragePool: { x: maps },
  GlobalMaxPool: { x: maps },
  // ONNX Runtime has no kernel for it from opset 22 on
  GlobalLpPool: { until: 21, x: maps, attrs: { p: 3 } },
  BatchNormalization: { x: maps, weights: { ...channels, m: random([4], 7), v: positive } },
  InstanceNormalization: { x: maps, weights: channels },
  LayerNormalization: { since: 17, weights: { s: random([5], 5), b: random([5], 6) } },
  RMSNormalization: { since: 23, weights: { s: random([5], 5) } },
  GroupNormalization: { since: 21, x: maps, weights: channels, attrs: { num_groups: 2 } },
  MeanVarianceNormalization: { since: 9, x: maps },
  LpNormalization: { attrs: { p: 1, axis: 1 } },
  LRN: { x: maps, attrs: { size: 3, alpha: { float: 0.5 } } },
};

function modelOf(type: string, { x = [3, 5], attrs = {}, weights = {}, behind, twice }: Case, opset: number): RawModel {
  const from = behind === undefined ? "x" : "h";
  const inputs = [from, ...(twice ? [from] : []), ...Object.keys(weights)];
  return {
    opset,
    inputs: { x },
    constants: weights,
    nodes: [...(behind === undefined ? [] : [[behind, ["x"], ["h"]] as const]), [type, inputs, ["y"], attrs]],
    outputs: ["y"],
  };
}

describe("passes/normalise: every opset", () => {
  for (const [type, c] of Object.entries(cases)) {
    const { since = 7, until = 23 } = c;
    it(`keeps what ${type} of opsets ${since} to ${until} gives`, async () => {
      for (let opset = since; opset <= until; opset += 1) await sameAfter(modelOf(type, c, opset));
    });
  }
});
