import * as ort from "onnxruntime-node";
import { checkGraph } from "../../toolkit/graph/check.ts";
import type { Graph } from "../../toolkit/graph/ir.ts";
import type { DType, TensorData } from "../../toolkit/graph/tensor.ts";
import { encodeModel } from "../../toolkit/onnx/encode.ts";
import { ortSession } from "../../toolkit/runtime/ort.ts";
import type { Provider, Runtime } from "../../toolkit/runtime/runtime.ts";

/** Opsets that graphs in tests are written for. */
const opsets: ReadonlyMap<string, number> = new Map([
  ["", 17],
  ["com.microsoft", 1],
]);

/** Runs a lowered graph once on the CPU and returns its outputs by name. */
export async function runGraph(
  graph: Graph,
  feeds: ReadonlyMap<string, TensorData>,
): Promise<ReadonlyMap<string, TensorData>> {
  const session = await loadGraph(graph);
  try {
    return await session(feeds);
  } finally {
    await session.release();
  }
}

export interface LoadedGraph {
  (feeds: ReadonlyMap<string, TensorData>): Promise<ReadonlyMap<string, TensorData>>;
  release: () => Promise<void>;
}

/** A lowered graph on the CPU, to be run more than once; it is checked first. */
export async function loadGraph(graph: Graph): Promise<LoadedGraph> {
  const bytes = encodeModel({ graph: checkGraph(graph), opsets, metadata: new Map() });
  const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 4, intraOpNumThreads: 1 });
  const run = async (feeds: ReadonlyMap<string, TensorData>): Promise<ReadonlyMap<string, TensorData>> => {
    const tensors = graph.inputs.map((v) => {
      const t = feeds.get(v.name);
      if (!t) throw new Error(`Cannot run the graph: no tensor for input "${v.name}"`);
      return [v.name, new ort.Tensor(t.dtype as ort.Tensor.Type, t.data as Float32Array, t.shape)] as const;
    });
    const results = await session.run(Object.fromEntries(tensors));
    return new Map(
      Object.entries(results).map(([name, t]) => [
        name,
        { dtype: t.type as DType, shape: t.dims, data: t.data as Float32Array },
      ]),
    );
  };
  return Object.assign(run, { release: () => session.release() });
}

/** onnxruntime-node in the test's own thread: quicker to load than the one in a worker. */
export const directRuntime: Runtime = {
  name: "onnxruntime-node",
  load: (model, options) => ortSession(ort, model, { threads: 1, ...options }),
};

/** The same on another execution provider. */
export function directRuntimeOn(provider: Provider): Runtime {
  return {
    ...directRuntime,
    provider,
    load: (model, options) => ortSession(ort, model, { provider, threads: 1, ...options }),
  };
}
