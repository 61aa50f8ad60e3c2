import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import type { Graph } from "../../toolkit/graph/ir.ts";
import { encodeModel } from "../../toolkit/onnx/encode.ts";
import { readModelFile } from "../../toolkit/onnx/read-file.ts";

/** The operators that ONNX Runtime really runs for a graph, behind its fusions but in the plain layout, with how often each. */
export async function fusedOperators(graph: Graph): Promise<Readonly<Record<string, number>>> {
  const folder = await mkdtemp(join(tmpdir(), "onnx-graft-fused-"));
  try {
    const file = join(folder, "optimised.onnx");
    const model = encodeModel({ graph, opsets: new Map([["", 17]]), metadata: new Map() });
    const options = { optimizedModelFilePath: file, graphOptimizationLevel: "extended", logSeverityLevel: 4 } as const;
    await (await ort.InferenceSession.create(model, options)).release();
    const counts: Record<string, number> = {};
    for (const { op } of (await readModelFile(file)).graph.nodes) counts[op] = (counts[op] ?? 0) + 1;
    return counts;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
