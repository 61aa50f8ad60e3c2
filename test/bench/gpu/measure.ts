/**
 * ResNet18 with random weights on a device: training steps and inference, and the bytes that cross between the CPU and the device for each.
 * `node measure.js [--device webgpu,cuda,cpu] [--size 224] [--batch 32,128] [--steps 20] [--json FILE]`; run.sh runs it from what pack.mjs has packed, with
 * PyTorch beside it. A device that is not there is told and left out.
 */
import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { resnet } from "../../../models/resnet.ts";
import { errorMessage } from "../../../toolkit/errors.ts";
import { writeStep } from "../../../toolkit/fine-tune/formulations.ts";
import { encodeGraph } from "../../../toolkit/train/encode-graph.ts";
import { loadableStep } from "../../../toolkit/train/loadable-step.ts";
import { repeatsOn } from "../../../toolkit/train/repeats-on.ts";
import { fillNormal } from "../../../toolkit/graph/random.ts";
import { scalar, toBytes } from "../../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../../toolkit/graph/tensor.ts";
import { softmaxCrossEntropy } from "../../../toolkit/losses/softmax-cross-entropy.ts";
import { operators } from "../../../toolkit/operators/index.ts";
import { sgd } from "../../../toolkit/optimizers/sgd.ts";
import { batchNormTraining } from "../../../toolkit/passes/batch-norm-training.ts";
import { foldBatchNorm } from "../../../toolkit/passes/fold-batch-norm.ts";
import { parametersOf } from "../../../toolkit/passes/parameters.ts";
import { nodeRuntimeOn } from "../../../toolkit/runtime/node.ts";
import { providerOf } from "../../../toolkit/runtime/runtime.ts";
import type { Provider, Runtime, Session, Tensors } from "../../../toolkit/runtime/runtime.ts";
import { oneHot } from "../../../toolkit/train/batch.ts";
import { stackFeeds } from "../../../toolkit/train/stack-feeds.ts";
import { buildStep, STEP } from "../../../toolkit/train/step.ts";
import type { StepSettings } from "../../../toolkit/train/step.ts";
import { VERSION } from "../../../toolkit/version.ts";

const PROVIDERS: readonly Provider[] = ["cpu", "webgpu", "cuda", "dml", "coreml"];
const CLASSES = 1000;
/** The first runs compile shaders and fill memory pools. */
const WARM_UP = 3;

type Precision = NonNullable<StepSettings["precision"]>;

const PRECISIONS: readonly Precision[] = ["float32", "mixed"];

interface Row {
  readonly device: Provider;
  readonly work: "step" | "inference";
  readonly precision: Precision;
  readonly batch: number;
  readonly sizePx: number;
  /** Median. */
  readonly milliseconds: number;
  readonly imagesPerSecond: number;
  /** What is handed to the runtime, and what comes back from it, for each run. */
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** Of the last step that was timed. */
  readonly loss?: number;
}

interface Measured {
  readonly session: Session;
  readonly feeds: Tensors;
  readonly fetch: readonly string[];
}

interface Size {
  readonly batch: number;
  readonly sizePx: number;
}

function pictures({ batch, sizePx }: Size): TensorData {
  const shape = [batch, 3, sizePx, sizePx];
  return { dtype: "float32", shape, data: fillNormal(batch * 3 * sizePx * sizePx, 0, 1) };
}

async function openInference(runtime: Runtime, size: Size): Promise<Measured> {
  const graph = foldBatchNorm(resnet({ depth: 18, classes: CLASSES }));
  const session = await runtime.load(encodeGraph(graph));
  const [input, output] = [graph.inputs[0]?.name ?? "", graph.outputs[0]?.name ?? ""];
  return { session, feeds: new Map([[input, pictures(size)]]), fetch: [output] };
}

/** All layers, batch statistics, SGD with momentum. */
async function openStep(runtime: Runtime, size: Size, precision: Precision): Promise<Measured> {
  const network = resnet({ depth: 18, classes: CLASSES });
  const { graph, statistics } = batchNormTraining(network);
  const settings = {
    parameters: parametersOf(network),
    logits: network.outputs[0]?.name ?? "",
    loss: softmaxCrossEntropy(),
    optimizer: sgd({ momentum: 0.9 }),
  };
  const step = buildStep(graph, { ...settings, statistics, precision }, operators);
  const provider = providerOf(runtime);
  const dims = new Map([
    ["N", size.batch],
    ["H", size.sizePx],
    ["W", size.sizePx],
  ]);
  const written = writeStep(step, { provider, dims, blockSize: 0, operators });
  const { model, options } = loadableStep({ step, operators }, written, { provider, threads: undefined });
  const session = await runtime.load(model, options);
  await session.set(step.initial);
  const rows = size.batch;
  const labels = Int32Array.from({ length: rows }, (_, i) => (i * 37) % CLASSES);
  const feeds: Tensors = new Map<string, TensorData>([
    [network.inputs[0]?.name ?? "", pictures(size)],
    [STEP.target, oneHot(labels, CLASSES)],
    [STEP.weight, { dtype: "float32", shape: [rows], data: new Float32Array(rows).fill(1) }],
    [STEP.divisor, scalar(rows)],
    [STEP.rate, scalar(1e-3)],
  ]);
  return { session, feeds: repeatsOn(provider) ? stackFeeds([feeds]) : feeds, fetch: [STEP.loss] };
}

function bytesOf(tensors: Tensors): number {
  return [...tensors.values()].reduce((sum, t) => sum + toBytes(t.data).byteLength, 0);
}

async function measure(
  { device, work, precision }: Pick<Row, "device" | "work" | "precision">,
  size: Size,
  steps: number,
): Promise<Row> {
  const runtime = nodeRuntimeOn(device);
  const { session, feeds, fetch } = await (work === "step"
    ? openStep(runtime, size, precision)
    : openInference(runtime, size));
  try {
    const times: number[] = [];
    let out: Tensors = new Map();
    for (let i = 0; i < WARM_UP + steps; i++) {
      const start = performance.now();
      out = await session.run({ feeds, fetch });
      if (i >= WARM_UP) times.push(performance.now() - start);
    }
    const milliseconds = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
    const loss = out.get(STEP.loss)?.data[0];
    return {
      device,
      work,
      precision,
      ...size,
      milliseconds,
      imagesPerSecond: (1000 * size.batch) / milliseconds,
      bytesUp: bytesOf(feeds),
      bytesDown: bytesOf(out),
      ...(loss === undefined ? {} : { loss: Number(loss) }),
    };
  } finally {
    await session.release();
  }
}

const WORKS = [
  { work: "inference", precision: "float32" },
  ...PRECISIONS.map((precision) => ({ work: "step", precision }) as const),
] as const;

function numbersOf(text: string): readonly number[] {
  return text.split(",").map(Number);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      device: { type: "string", default: "webgpu,cuda,cpu" },
      size: { type: "string", default: "224" },
      batch: { type: "string", default: "32,128" },
      steps: { type: "string", default: "20" },
      json: { type: "string" },
    },
  });
  const devices = values.device.split(",");
  const rows: Row[] = [];
  const absent: Record<string, string> = {};
  for (const device of PROVIDERS.filter((name) => devices.includes(name))) {
    for (const { work, precision } of WORKS) {
      for (const batch of numbersOf(values.batch)) {
        const name = `${device} ${work} ${precision} batch ${batch}`;
        try {
          const size = { batch, sizePx: Number(values.size) };
          const row = await measure({ device, work, precision }, size, Number(values.steps));
          rows.push(row);
          console.log(`${name}: ${row.milliseconds.toFixed(1)} ms, ${row.imagesPerSecond.toFixed(0)} img/s`);
        } catch (error) {
          absent[name] = errorMessage(error);
          console.log(`${name}: ${errorMessage(error)}`);
        }
      }
    }
  }
  const machine = {
    cpu: cpus()[0]?.model ?? "?",
    cores: cpus().length,
    node: process.versions.node,
    "onnx-graft": VERSION,
  };
  if (values.json !== undefined)
    await writeFile(values.json, `${JSON.stringify({ machine, rows, absent }, undefined, 2)}\n`);
}

await main();
