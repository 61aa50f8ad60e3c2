import * as ort from "onnxruntime-node";
import type { Graph, Value } from "../../toolkit/graph/ir.ts";
import { encodeModel } from "../../toolkit/onnx/encode.ts";

/** Opens a session that is kept until the process ends: with the last one goes the device, and every program it has compiled. */
export async function keepDevice(): Promise<void> {
  const x: Value = { name: "x", dtype: "float32", shape: [1] };
  const y: Value = { ...x, name: "y" };
  const nodes = [{ op: "Neg", inputs: [x], outputs: [y], attrs: {} }];
  const graph: Graph = { inputs: [x], outputs: [y], constants: new Map(), nodes };
  const bytes = encodeModel({ graph, opsets: new Map([["", 17]]), metadata: new Map() });
  await ort.InferenceSession.create(bytes, { executionProviders: ["webgpu"], logSeverityLevel: 3 });
}
