import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Graph } from "../../toolkit/graph/ir.ts";
import { float32, scalar } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { lower } from "../../toolkit/lowering/lower.ts";
import { softmaxCrossEntropy } from "../../toolkit/losses/softmax-cross-entropy.ts";
import { decodeModel } from "../../toolkit/onnx/decode.ts";
import { encodeModel } from "../../toolkit/onnx/encode.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { adamw } from "../../toolkit/optimizers/adam.ts";
import { sgd } from "../../toolkit/optimizers/sgd.ts";
import type { Transform } from "../../toolkit/optimizers/transform.ts";
import { batchNormAsWeights } from "../../toolkit/passes/batch-norm-as-weights.ts";
import { batchNormTraining } from "../../toolkit/passes/batch-norm-training.ts";
import type { BatchStatistics } from "../../toolkit/passes/batch-norm-training.ts";
import { normalise } from "../../toolkit/passes/normalise.ts";
import { parametersOf } from "../../toolkit/passes/parameters.ts";
import { nodeRuntime } from "../../toolkit/runtime/node.ts";
import { oneHot } from "../../toolkit/train/batch.ts";
import { buildStep, STEP } from "../../toolkit/train/step.ts";
import type { Step, StepSettings } from "../../toolkit/train/step.ts";
import { fixture, itShared, readJson, readTensor } from "../support/fixtures.ts";

type Tensor = Parameters<typeof readTensor>[0];

/** Norm of a tensor and some of its elements. */
interface Sample {
  readonly norm: number;
  readonly indices: readonly number[];
  readonly values: readonly number[];
}

interface Golden {
  readonly model: string;
  readonly bn: "train" | "eval" | null;
  readonly optimizer: {
    readonly name: string;
    readonly lr: number;
    readonly momentum?: number;
    readonly [name: string]: unknown;
  };
  readonly losses: readonly number[];
  readonly logits: Tensor;
  readonly gradients: Readonly<Record<string, Sample>>;
  readonly parameters: Readonly<Record<string, Sample>>;
  readonly runningStatistics?: Readonly<Record<string, Sample>>;
}

interface Inputs {
  readonly images: Tensor;
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly target: Tensor;
  readonly "fc.weight": Tensor;
  readonly "fc.bias": Tensor;
}

const MODES = ["folded-full", "bn-train-full", "bn-frozen-full", "frozen-backbone", "last-stage"] as const;

function pictures({ images, mean, std }: Inputs): TensorData {
  const u8 = readTensor(images);
  const [, , height = 1, width = 1] = u8.shape;
  const data = Float32Array.from(u8.data as Uint8Array, (v, i) => {
    const c = Math.floor(i / (height * width)) % 3;
    return (v / 255 - (mean[c] ?? 0)) / (std[c] ?? 1);
  });
  return float32(u8.shape, data);
}

/** The file with its head replaced by the golden's new one, under the same names. */
function studentGraph(file: string, inputs: Inputs): Graph {
  const { graph } = normalise(decodeModel(readFileSync(file)));
  const constants = new Map(graph.constants);
  for (const name of ["fc.weight", "fc.bias"] as const) {
    assert.ok(constants.has(name), `"${name}" kept its name`);
    constants.set(name, readTensor(inputs[name]));
  }
  const head = graph.nodes.find((n) => n.inputs[1]?.name === "fc.weight");
  assert.ok(head);
  const logits = { name: head.outputs[0]?.name ?? "", dtype: "float32", shape: ["N", 5] } as const;
  const retyped = {
    ...head,
    inputs: head.inputs.map((v) => v && { ...v, shape: constants.get(v.name)?.shape ?? v.shape }),
    outputs: [logits],
  };
  return { ...graph, constants, nodes: graph.nodes.map((n) => (n === head ? retyped : n)), outputs: [logits] };
}

function trainingForm(graph: Graph, bn: Golden["bn"]): { graph: Graph; statistics: readonly BatchStatistics[] } {
  if (bn === "train") return batchNormTraining(graph);
  return { graph: bn === "eval" ? batchNormAsWeights(graph) : graph, statistics: [] };
}

/** Which parameters a mode trains: those the golden has a gradient for. */
function trained(graph: Graph, golden: Golden): readonly string[] {
  return parametersOf(graph).filter((name) => name in golden.gradients);
}

function optimizerOf({ optimizer }: Golden): Transform {
  if (optimizer.name === "sgd") return sgd({ momentum: optimizer.momentum ?? 0 });
  const { beta1, beta2, epsilon, weightDecay } = optimizer as unknown as Readonly<
    Record<"beta1" | "beta2" | "epsilon" | "weightDecay", number>
  >;
  return adamw({ beta1, beta2, epsilon, decay: weightDecay, decayAll: true });
}

function norm(data: ArrayLike<number>): number {
  return Math.sqrt(Array.from(data).reduce((sum, v) => sum + v * v, 0));
}

function compare(what: string, t: TensorData | undefined, sample: Sample, tolerance: number): void {
  assert.ok(t, `${what} is there`);
  const data = t.data as Float32Array;
  const off = Math.abs(norm(data) - sample.norm) / Math.max(sample.norm, 1e-12);
  assert.ok(off <= tolerance, `${what}: norm ${norm(data)}, PyTorch ${sample.norm}`);
  for (const [i, index] of sample.indices.entries()) {
    const gap = Math.abs((data[index] ?? Number.NaN) - (sample.values[i] ?? 0)) / Math.max(sample.norm, 1e-12);
    assert.ok(gap <= tolerance, `${what}[${index}]: ${data[index]}, PyTorch ${sample.values[i]}`);
  }
}

/** The gradients of the first step, as outputs of a step graph whose optimizer hands them on untouched. */
async function firstGradients(
  graph: Graph,
  settings: Omit<StepSettings, "optimizer">,
  feeds: ReadonlyMap<string, TensorData>,
): Promise<ReadonlyMap<string, TensorData>> {
  const keep: Transform = { state: () => [], apply: ({ updates }) => ({ updates, state: [] }) };
  const step = buildStep(graph, { ...settings, optimizer: keep }, operators);
  const before = step.initial;
  const session = await load(step);
  try {
    await session.run({ feeds, fetch: [STEP.loss] });
    const after = await session.get(step.parameters);
    return new Map(
      step.parameters.map((name) => {
        const p = before.get(name) as TensorData;
        const next = after.get(name) as TensorData;
        const data = (next.data as Float32Array).map((v, i) => v - Number(p.data[i]));
        return [name, { ...p, data }] as const;
      }),
    );
  } finally {
    await session.release();
  }
}

async function load(step: Step): ReturnType<typeof nodeRuntime.load> {
  const lowered = lower(step.graph, {
    provider: "cpu",
    dims: new Map([
      ["N", 8],
      ["H", 64],
      ["W", 64],
    ]),
  });
  const session = await nodeRuntime.load(
    encodeModel({ graph: lowered, opsets: new Map([["", 17]]), metadata: new Map() }),
    { state: step.state },
  );
  await session.set(step.initial);
  return session;
}

async function matches(folder: string, models: string, mode: string): Promise<void> {
  const golden = readJson<Golden>(join(folder, `${mode}.json`));
  const inputs = readJson<Inputs>(join(folder, "inputs.json"));
  const student = studentGraph(join(models, golden.model), inputs);
  const { graph, statistics } = trainingForm(student, golden.bn);
  const settings = {
    parameters: trained(student, golden),
    logits: graph.outputs[0]?.name ?? "",
    loss: softmaxCrossEntropy(),
    statistics,
  };
  const step = buildStep(graph, { ...settings, optimizer: optimizerOf(golden) }, operators);
  assert.deepEqual(
    [...step.parameters].toSorted(),
    Object.keys(golden.gradients).toSorted(),
    "the same parameters are trained",
  );
  const labels = Int32Array.from(readTensor(inputs.target).data as BigInt64Array, Number);
  const feeds = new Map([
    [graph.inputs[0]?.name ?? "", pictures(inputs)],
    [STEP.target, oneHot(labels, 5)],
    [
      STEP.weight,
      float32(
        [8],
        Array.from(labels, () => 1),
      ),
    ],
    [STEP.divisor, scalar(8)],
    [STEP.rate, scalar(golden.optimizer.lr)],
  ]);
  const session = await load(step);
  try {
    const logitsName = graph.outputs[0]?.name ?? "";
    for (const [i, expected] of golden.losses.entries()) {
      const out = await session.run({ feeds, fetch: [STEP.loss, logitsName] });
      const loss = Number(out.get(STEP.loss)?.data[0]);
      assert.ok(Math.abs(loss - expected) <= 1e-4 * Math.abs(expected), `loss ${i}: ${loss}, PyTorch ${expected}`);
      if (i > 0) continue;
      const logits = readTensor(golden.logits).data as Float32Array;
      for (const [k, z] of logits.entries())
        assert.ok(Math.abs(Number(out.get(logitsName)?.data[k]) - z) <= 1e-3, `logit ${k}`);
    }
    const state = await session.get([...step.state.keys()]);
    for (const [name, sample] of Object.entries(golden.parameters))
      compare(`parameter ${name}`, state.get(name), sample, 1e-3);
    for (const [name, sample] of Object.entries(golden.runningStatistics ?? {}))
      compare(name, state.get(name), sample, 1e-4);
  } finally {
    await session.release();
  }
  const gradients = await firstGradients(graph, settings, feeds);
  for (const [name, sample] of Object.entries(golden.gradients))
    compare(`gradient of ${name}`, gradients.get(name), sample, 1e-3);
}

describe("train/step against PyTorch, ResNet18 of width 8", () => {
  const folder = fixture("resnet18-width8");
  for (const mode of [...MODES, "bn-frozen-full-adamw"]) {
    it(`buildStep() follows four steps: ${mode}`, () => matches(folder, folder, mode));
  }
});

describe("train/step against PyTorch, ResNet18 at full width", () => {
  for (const mode of MODES) {
    itShared(`buildStep() follows four steps: ${mode}`, "goldens/resnet18", (folder) =>
      matches(folder, join(folder, "../../models"), mode),
    );
  }
});
