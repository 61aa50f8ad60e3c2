import * as ort from "onnxruntime-node";
import type { Graph } from "../../toolkit/graph/ir.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { encodeModel } from "../../toolkit/onnx/encode.ts";
import type { Ort } from "../../toolkit/runtime/ort.ts";
import { ortSession } from "../../toolkit/runtime/ort.ts";
import type { Tensors } from "../../toolkit/runtime/runtime.ts";

/** Runs a graph once on onnxruntime-node in this thread and returns all its outputs. */
export async function runGraph(graph: Graph, feeds: Tensors): Promise<ReadonlyMap<string, TensorData>> {
  const session = await ortSession(ort as unknown as Ort, encodeModel({ graph, opsets: new Map([["", 17]]), metadata: new Map() }));
  try {
    return await session.run({ feeds, fetch: graph.outputs.map((v) => v.name) });
  } finally {
    await session.release();
  }
}
