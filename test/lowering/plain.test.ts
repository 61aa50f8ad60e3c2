import assert from "node:assert/strict";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Attributes, Graph } from "../../toolkit/graph/ir.ts";
import { fillNormal } from "../../toolkit/graph/random.ts";
import { float32, int64, sizeOf, tensor, toNumbers } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { lowerWithForms } from "../../toolkit/lowering/lower.ts";
import { operators } from "../../toolkit/operators/index.ts";
import type { Provider } from "../../toolkit/runtime/runtime.ts";
import { runGraph } from "../support/run-graph.ts";

interface Case {
  readonly op: string;
  /** The formulation that writes it for WebGPU. */
  readonly form: string;
  readonly inputs: readonly TensorData[];
  readonly attrs?: Attributes;
}

function random(shape: readonly number[], seed = 1): TensorData {
  return float32(shape, fillNormal(sizeOf(shape), seed, 1, 0, 2));
}

/** Starts, ends, axes and steps of a Slice. */
function cut(...parameters: readonly (readonly number[])[]): readonly TensorData[] {
  return parameters.map((list) => int64(list));
}

/** Of a Compress. */
function condition(...values: readonly number[]): TensorData {
  return tensor("bool", [values.length], Uint8Array.from(values));
}

const many = random([2, 3, 4, 6]);
const signs = float32([6], [-2, -1e-30, -0, 0, 1e-30, 3e38]);
/** Numbers far apart, equal ones, and one that is far above the others. */
const logits = float32([4, 3], [1e4, -1e4, 0, 5, 5, 5, -3e37, 0, 3e37, -1, 0, 1]);
/** The largest number more than once in each row. */
const ties = float32([3, 4], [1, 2, 2, 0, -1, -1, -1, -1, 0, 0, 3, 3]);

const cases: readonly Case[] = [
  ...[0, 1, -1].map((axis) => ({ op: "LogSoftmax", form: "log-softmax-shifted", inputs: [many], attrs: { axis } })),
  { op: "LogSoftmax", form: "log-softmax-shifted", inputs: [logits], attrs: { axis: 1 } },
  { op: "Sign", form: "sign-comparisons", inputs: [signs] },
  { op: "Celu", form: "celu-scaled-elu", inputs: [many], attrs: { alpha: { float: 1.7 } } },
  { op: "Selu", form: "selu-scaled-elu", inputs: [many] },
  { op: "Selu", form: "selu-scaled-elu", inputs: [many], attrs: { alpha: { float: 0.5 }, gamma: { float: 3 } } },
  { op: "Softsign", form: "softsign-quotient", inputs: [many] },
  { op: "Shrink", form: "shrink-choices", inputs: [many], attrs: { lambd: { float: 1 }, bias: { float: 0.25 } } },
  { op: "Shrink", form: "shrink-choices", inputs: [float32([4], [-0.5, 0.5, -0.6, 0.6])] },
  { op: "Hardmax", form: "hardmax-counted", inputs: [ties], attrs: { axis: 1 } },
  { op: "Hardmax", form: "hardmax-counted", inputs: [ties], attrs: { axis: 0 } },
  { op: "Hardmax", form: "hardmax-counted", inputs: [many] },
  { op: "SpaceToDepth", form: "space-to-depth-moved", inputs: [many], attrs: { blocksize: 2 } },
  { op: "Mean", form: "mean-added", inputs: [many, random([4, 6], 2), random([3, 1, 1], 3)] },
  { op: "LRN", form: "lrn-pooled-channels", inputs: [random([2, 5, 3, 2])], attrs: { size: 3, alpha: { float: 0.2 } } },
  { op: "LRN", form: "lrn-pooled-channels", inputs: [random([1, 4, 2, 2])], attrs: { size: 5, bias: { float: 2 } } },
  ...[1, 2, 3].map((p) => ({
    op: "LpPool",
    form: "lp-pool-of-means",
    inputs: [many],
    attrs: { p, kernel_shape: [3, 2], strides: [1, 2], pads: [1, 0, 1, 1] },
  })),
  ...["...ij,...jk->...ik", "...ij,...jk"].map((equation) => ({
    op: "Einsum",
    form: "einsum-spelled-out",
    inputs: [random([2, 1, 2, 3]), random([1, 4, 3, 2], 2)],
    attrs: { equation },
  })),
  {
    op: "Einsum",
    form: "einsum-spelled-out",
    inputs: [random([2, 3]), random([1, 4], 2)],
    attrs: { equation: "ij,jk->ik" },
  },
  { op: "Pow", form: "pow-expanded", inputs: [float32([3, 1], [0.5, 1, 2]), random([2, 1, 4])] },
  { op: "Pow", form: "pow-expanded", inputs: [random([2, 3, 4]), float32([3, 1], [0, 1, 2])] },
  { op: "Slice", form: "slice-gathered", inputs: [random([7, 5]), ...cut([5, 4], [0, -99], [0, 1], [-2, -3])] },
  { op: "Slice", form: "slice-gathered", inputs: [random([2, 6, 3]), ...cut([-1, 0], [-99, 2], [1, 2], [-4, 1])] },
  { op: "Compress", form: "compress-gathered", inputs: [many, condition(0, 1, 1)], attrs: { axis: -3 } },
  { op: "Compress", form: "compress-gathered", inputs: [random([3, 4]), condition(1, 0, 0, 1, 0, 1)] },
  { op: "Compress", form: "compress-gathered", inputs: [random([2, 3]), condition(0, 1, 0, 1)], attrs: { axis: 1 } },
  { op: "Compress", form: "compress-gathered", inputs: [random([2, 2]), condition(1, 0, 0, 1, 0, 1)] },
  ...[{ batch_axis: 0, time_axis: 1 }, { batch_axis: 1, time_axis: 0 }, {}].map((attrs) => ({
    op: "ReverseSequence",
    form: "reverse-sequence-gathered",
    inputs: [random([3, 3, 2, 2]), int64([3, 1, 2])],
    attrs,
  })),
  { op: "GlobalLpPool", form: "global-lp-pool-of-sums", inputs: [many], attrs: { p: 3 } },
];

function graphOf({ op, inputs, attrs }: Case): Graph {
  const b = new GraphBuilder(operators);
  const values = inputs.map((t, i) => (t.dtype !== "float32" ? b.constant(t) : b.input(`x${i}`, t.dtype, t.shape)));
  return b.build([b.op(op, values, attrs, { outputs: ["y"] })]);
}

async function result(tried: Case, provider: Provider): Promise<{ y: readonly number[]; forms: readonly string[] }> {
  const { graph, forms } = lowerWithForms(graphOf(tried), { provider, dims: new Map() });
  const out = await runGraph(graph, new Map(tried.inputs.map((t, i) => [`x${i}`, t])));
  return { y: toNumbers(out.get("y") as TensorData), forms: [...forms.keys()] };
}

describe("lowering/formulations/plain", () => {
  for (const [i, tried] of cases.entries()) {
    it(`${tried.form} computes what ${tried.op} does: case ${i}`, async () => {
      const [expected, actual] = [await result(tried, "cpu"), await result(tried, "webgpu")];
      assert.deepEqual(expected.forms, []);
      assert.deepEqual(actual.forms, [tried.form]);
      assert.equal(actual.y.length, expected.y.length);
      const largest = Math.max(...expected.y.filter(Number.isFinite).map(Math.abs));
      for (const [k, v] of expected.y.entries()) {
        const gap = Math.abs(v - (actual.y[k] ?? Number.NaN));
        assert.ok(v === actual.y[k] || gap <= 2e-6 * largest, `element ${k}: ${actual.y[k]}, expected ${v}`);
      }
    });
  }
});
