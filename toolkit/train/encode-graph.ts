import type { Graph } from "../graph/ir.ts";
import { encodeModel } from "../onnx/encode.ts";
import { OPSET } from "../passes/normalise.ts";

/** A graph of ours as the bytes of a model. */
export function encodeGraph(graph: Graph): Uint8Array {
  return encodeModel({ graph, opsets: new Map([["", OPSET]]), metadata: new Map() });
}
