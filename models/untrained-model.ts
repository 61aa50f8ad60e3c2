import { createHash } from "node:crypto";
import type { SourceModel } from "../toolkit/export/source-model.ts";
import type { Model } from "../toolkit/graph/ir.ts";
import { encodeModel } from "../toolkit/onnx/encode.ts";
import { OPSET } from "../toolkit/passes/normalise.ts";
import type { Architecture, ArchitectureShape } from "./architectures.ts";

/** An architecture with random weights as a model to start from. Its digest is that of the file it would be. */
export function untrainedModel(architecture: Architecture, shape: Partial<ArchitectureShape> = {}): SourceModel {
  const { classes = architecture.classes, sizePx = architecture.sizePx, seed = 0 } = shape;
  const graph = architecture.build({ classes, sizePx, seed });
  const model: Model = { graph, opsets: new Map([["", OPSET]]), metadata: new Map() };
  return {
    model,
    name: architecture.name,
    sha256: createHash("sha256").update(encodeModel(model)).digest("hex"),
    sizePx,
    // a file's Dropout is left out, as it does nothing at inference; this one is there to be trained with
    rewrites: { Dropout: (r) => r.emit("Dropout", r.inputs, r.node.attrs) },
  };
}
