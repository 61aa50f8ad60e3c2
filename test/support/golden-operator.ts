import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { differentiate } from "../../toolkit/autodiff/differentiate.ts";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Graph } from "../../toolkit/graph/ir.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { lower } from "../../toolkit/lowering/lower.ts";
import { decodeModel } from "../../toolkit/onnx/decode.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { batchNormTraining } from "../../toolkit/passes/batch-norm-training.ts";
import { normalise } from "../../toolkit/passes/normalise.ts";
import type { Provider } from "../../toolkit/runtime/runtime.ts";
import { fixture, readJson, readTensor } from "./fixtures.ts";
import type { GoldenTensor } from "./fixtures.ts";
import { runGraph } from "./run-graph.ts";

interface Golden {
  readonly about: string;
  readonly inputs: Readonly<Record<string, GoldenTensor>>;
  readonly seed: GoldenTensor;
  readonly output: GoldenTensor;
  readonly gradients: Readonly<Record<string, GoldenTensor>>;
  readonly bn: "train" | "eval" | null;
}

const folder = fixture("goldens/operators");

/** Names of the stored cases, without their endings. */
export function goldenNames(): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".onnx"))
    .map((name) => name.slice(0, -".onnx".length))
    .sort();
}

export interface GoldenOptions {
  readonly provider?: Provider;
}

/** Compares output and gradients of a stored case with PyTorch's, to 1e-4 of the largest element. */
export async function goldenOperator(name: string, { provider = "cpu" }: GoldenOptions = {}): Promise<void> {
  const golden = readJson<Golden>(join(folder, `${name}.json`));
  const { graph: inference } = normalise(decodeModel(new Uint8Array(readFileSync(join(folder, `${name}.onnx`)))));
  const forward = golden.bn === "train" ? batchNormTraining(inference).graph : inference;
  const [y] = forward.outputs;
  assert(y);
  const seeded = new GraphBuilder(operators, forward);
  const seed = seeded.input("seed", y.dtype, golden.seed.shape);
  const names = Object.keys(golden.gradients);
  const { graph, gradients } = differentiate(seeded.build([y]), y, names, operators, seed);
  const b = new GraphBuilder(operators, graph);
  const outputs = names.map((n) => {
    const gradient = gradients.get(n);
    assert(gradient);
    return b.op("Identity", [gradient], {}, { outputs: [`d_${n}`] });
  });
  const feeds = new Map(Object.entries(golden.inputs).map(([n, t]) => [n, readTensor(t)]));
  const lowered = lower(b.build([y, ...outputs]), { provider, dims: boundDims(forward, feeds) });
  const results = await runGraph(lowered, new Map([...feeds, ["seed", readTensor(golden.seed)]]));
  close(results.get(y.name), readTensor(golden.output), `${name}: output`);
  for (const [n, expected] of Object.entries(golden.gradients))
    close(results.get(`d_${n}`), readTensor(expected), `${name}: gradient of ${n}`);
}

function boundDims(graph: Graph, feeds: ReadonlyMap<string, TensorData>): ReadonlyMap<string, number> {
  const dims = new Map<string, number>();
  for (const v of graph.inputs) {
    for (const [i, dim] of v.shape.entries()) {
      const extent = feeds.get(v.name)?.shape[i];
      if (typeof dim === "string" && extent !== undefined) dims.set(dim, extent);
    }
  }
  return dims;
}

/** Asserts equal shapes, and elements equal to `tolerance` of the largest. */
function close(actual: TensorData | undefined, expected: TensorData, what: string, tolerance = 1e-4): void {
  assert(actual, `${what} is missing`);
  assert.deepEqual([...actual.shape], [...expected.shape], `${what} has the wrong shape`);
  const values = Array.from(expected.data as Float32Array, Number);
  const largest = values.reduce((max, v) => Math.max(max, Math.abs(v)), 1e-3);
  for (const [i, v] of values.entries()) {
    const got = Number(actual.data[i]);
    assert(Math.abs(got - v) <= tolerance * largest, `${what}: element ${i} is ${got}, expected ${v}`);
  }
}
