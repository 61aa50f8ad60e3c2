import { readFileSync } from "node:fs";
import { deserialize } from "node:v8";
import * as ort from "onnxruntime-node";
import { errorMessage } from "../../toolkit/errors.ts";
import { checkGraph } from "../../toolkit/graph/check.ts";
import type { Graph } from "../../toolkit/graph/ir.ts";
import type { DType, TypedArray } from "../../toolkit/graph/tensor.ts";
import { encodeModel } from "../../toolkit/onnx/encode.ts";
import type { Tensors } from "../../toolkit/runtime/runtime.ts";
import type { RecordedCheck } from "../support/gradcheck.ts";
import { runGraph } from "../support/run-graph.ts";
import { giveResult, readLog } from "../support/webgpu.ts";
import { forwardCases } from "./forward-cases.ts";
import { keepDevice } from "./keep-device.ts";
import { distance, gradientCases, loweredFor } from "./parity-case.ts";
import type { ParityCase } from "./parity-case.ts";
import { readPlacements } from "./placements.ts";
import { trainingCases } from "./training-cases.ts";

/** What a case came to on WebGPU. */
export interface ParityResult {
  readonly subject: string;
  /** The largest difference to the CPU, relative to the largest number; absent where it did not run. */
  readonly distance?: number;
  /** Why it did not run. */
  readonly error?: string;
  /** Operators that were left to the CPU, by what they belong to. */
  readonly onCpu: readonly OnCpu[];
}

export interface OnCpu {
  readonly part: "forward" | "gradient";
  readonly op: string;
}

const logged = readLog();

async function runOnDevice(graph: Graph, feeds: Tensors): Promise<{ outputs: Tensors; onCpu: readonly OnCpu[] }> {
  const bytes = encodeModel({ graph: checkGraph(graph), opsets: new Map([["", 17]]), metadata: new Map() });
  logged();
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ["webgpu"], logSeverityLevel: 0 });
  const { onCpu } = readPlacements(logged());
  const tensors = graph.inputs.map((v) => {
    const t = feeds.get(v.name);
    if (!t) throw new Error(`no tensor for input "${v.name}"`);
    return [v.name, new ort.Tensor(t.dtype as ort.Tensor.Type, t.data as Float32Array, t.shape)] as const;
  });
  const results = await session.run(Object.fromEntries(tensors));
  const outputs = Object.entries(results).map(
    ([name, t]) => [name, { dtype: t.type as DType, shape: t.dims, data: t.data as TypedArray }] as const,
  );
  await session.release();
  const parts = onCpu.map(({ op, name }): OnCpu => ({
    op,
    part: name.startsWith("gradient") ? "gradient" : "forward",
  }));
  return { outputs: new Map(outputs), onCpu: parts };
}

async function compare(parity: ParityCase): Promise<ParityResult> {
  const { subject, feeds } = parity;
  try {
    const expected = await runGraph(loweredFor(parity, "cpu"), feeds);
    const { outputs, onCpu } = await runOnDevice(loweredFor(parity, "webgpu"), feeds);
    return { subject, distance: distance(expected, outputs), onCpu };
  } catch (error) {
    return {
      subject,
      error: errorMessage(error)
        .replace(/^.*Status Message: /s, "")
        .trim(),
      onCpu: [],
    };
  }
}

/** The checks that are stored in the file which is named first, and of the subjects named behind it what stands in training steps, and operators without a gradient. */
async function* allCases(): AsyncGenerator<ParityCase> {
  const [file = "", ...subjects] = process.argv.slice(2);
  const checks = deserialize(readFileSync(file)) as readonly RecordedCheck[];
  for (const check of checks) yield* await gradientCases(check);
  yield* [...trainingCases(), ...forwardCases()].filter(({ subject }) => subjects.includes(subject));
}

await keepDevice();
const results: ParityResult[] = [];
for await (const parity of allCases()) results.push(await compare(parity));
giveResult(results);
