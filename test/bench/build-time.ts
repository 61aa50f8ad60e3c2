/** How long a training graph takes to build: npm run bench:build. Prints JSON, times in milliseconds, and fails where a limit is passed. */
import { resnet } from "../../models/resnet.ts";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Graph, Model } from "../../toolkit/graph/ir.ts";
import { fillUniform } from "../../toolkit/graph/random.ts";
import { float32 } from "../../toolkit/graph/tensor.ts";
import { softmaxCrossEntropy } from "../../toolkit/losses/softmax-cross-entropy.ts";
import { lower } from "../../toolkit/lowering/lower.ts";
import { decodeModel } from "../../toolkit/onnx/decode.ts";
import { encodeModel } from "../../toolkit/onnx/encode.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { sgd } from "../../toolkit/optimizers/sgd.ts";
import { normalise, OPSET } from "../../toolkit/passes/normalise.ts";
import { parametersOf } from "../../toolkit/passes/parameters.ts";
import { buildStep } from "../../toolkit/train/step.ts";

const RUNS = 9;

interface Times {
  readonly normalise: number;
  /** Loss, backward pass and optimizer. */
  readonly step: number;
  readonly lower: number;
  readonly all: number;
  /** What the processor spent on all of it, of which a busy machine takes away less. */
  readonly cpu: number;
}

/** A network of `nodes` small nodes: residual blocks of a convolution, an activation that is written out, a scale and a skip. */
function chain(nodes: number): Graph {
  const b = new GraphBuilder(operators);
  const input = b.input("input", "float32", ["N", 3, "H", "W"]);
  const weight = (name: string, shape: readonly number[], stream: number) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    return b.constant(float32(shape, fillUniform(size, 1, stream)), name);
  };
  let x = b.op("Conv", [input, weight("stem", [8, 3, 3, 3], 0)], { pads: [1, 1, 1, 1] }, { outputs: ["stem_out"] });
  const perBlock = 5;
  for (let i = 0; i < (nodes - 3) / perBlock; i += 1) {
    const named = (name: string): { outputs: string[] } => ({ outputs: [`block${i}.${name}`] });
    const w = weight(`block${i}.weight`, [8, 8, 3, 3], i + 1);
    const y = b.op("Conv", [x, w], { pads: [1, 1, 1, 1] }, named("conv"));
    const gate = b.op("Sigmoid", [y], {}, named("gate"));
    const swish = b.op("Mul", [y, gate], {}, named("swish"));
    const scaled = b.op("Mul", [swish, weight(`block${i}.scale`, [8, 1, 1], nodes + i)], {}, named("scaled"));
    x = b.op("Add", [x, scaled], {}, named("sum"));
  }
  const pooled = b.op("GlobalAveragePool", [x], {}, { outputs: ["pooled"] });
  const features = b.op("Flatten", [pooled], {}, { outputs: ["features"] });
  const fc = [weight("fc.weight", [10, 8], 5000), weight("fc.bias", [10], 5001)];
  return b.build([b.op("Gemm", [features, ...fc], { transB: 1 }, { outputs: ["logits"] })]);
}

function build(model: Model): { readonly times: Times; readonly nodes: number; readonly built: number } {
  const [loss, optimizer] = [softmaxCrossEntropy(), sgd({ momentum: 0.9 })];
  const before = process.cpuUsage();
  const at = [performance.now()];
  const { graph } = normalise(model);
  at.push(performance.now());
  const logits = graph.outputs[0]?.name ?? "";
  const step = buildStep(graph, { parameters: parametersOf(graph), logits, loss, optimizer }, operators);
  at.push(performance.now());
  const dims = new Map([
    ["N", 16],
    ["H", 224],
    ["W", 224],
  ]);
  const lowered = lower(step.graph, { provider: "cpu", dims });
  at.push(performance.now());
  const { user, system } = process.cpuUsage(before);
  const between = (from: number, to: number): number => (at[to] ?? 0) - (at[from] ?? 0);
  const times = {
    normalise: between(0, 1),
    step: between(1, 2),
    lower: between(2, 3),
    all: between(0, 3),
    cpu: (user + system) / 1000,
  };
  return { times, nodes: graph.nodes.length, built: lowered.nodes.length };
}

function median(list: readonly number[]): number {
  return list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;
}

function rounded(times: Times): Times {
  const to = (ms: number): number => Math.round(ms * 10) / 10;
  return {
    normalise: to(times.normalise),
    step: to(times.step),
    lower: to(times.lower),
    all: to(times.all),
    cpu: to(times.cpu),
  };
}

function measure(
  graph: Graph,
): Omit<ReturnType<typeof build>, "times"> & { readonly cold: Times; readonly warm: Times } {
  const file = { graph, opsets: new Map([["", OPSET]]), metadata: new Map<string, string>() };
  const model = decodeModel(encodeModel(file));
  const { times: cold, ...sizes } = build(model);
  build(model);
  const all = Array.from({ length: RUNS }, () => build(model).times);
  const part = (key: keyof Times): number => median(all.map((times) => times[key]));
  const warm = {
    normalise: part("normalise"),
    step: part("step"),
    lower: part("lower"),
    all: part("all"),
    cpu: part("cpu"),
  };
  return { ...sizes, cold: rounded(cold), warm: rounded(warm) };
}

const LIMITS = { resnet18: 150, "1000 nodes": 1000 };
const results = { resnet18: measure(resnet({ depth: 18, classes: 1000 })), "1000 nodes": measure(chain(1000)) };
console.log(JSON.stringify(results, undefined, 2));
for (const [name, limit] of Object.entries(LIMITS)) {
  const { warm } = results[name as keyof typeof results];
  const taken = Math.min(warm.all, warm.cpu);
  if (taken <= limit) continue;
  console.error(`${name}: ${taken} ms, expected ${limit} at the most`);
  process.exitCode = 1;
}
