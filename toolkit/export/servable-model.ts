import { ToolkitError } from "../errors.ts";
import type { Model } from "../graph/ir.ts";
import { defaultResizePx } from "../images/resample.ts";
import { findHead } from "../passes/find-head.ts";
import { VERSION } from "../version.ts";
import { inferenceModel } from "./inference-model.ts";
import { readMetadata } from "./metadata.ts";
import type { ModelMetadata } from "./metadata.ts";
import { naturalSize, normalisationOf, trunk } from "./source-model.ts";
import type { SourceModel } from "./source-model.ts";

/** A model that takes pictures and gives probabilities, and what its metadata says. */
export interface ServableModel {
  readonly model: Model;
  readonly metadata: ModelMetadata;
}

/**
 * What labels photos: an export of ours as it stands; another model with its preprocessing written into the graph.
 * @throws E_NO_HEAD, E_MODEL_METADATA, and as `normalise`
 */
export function servableModel(source: SourceModel): ServableModel {
  const own = readMetadata(source.model, source.name);
  if (own) return { model: source.model, metadata: own };
  const { graph } = trunk(source);
  const head = findHead(graph);
  const [input] = graph.inputs;
  const sizePx = naturalSize(source);
  const normalisation = normalisationOf(source);
  const labels = source.labels ?? Array.from({ length: head.classes ?? 0 }, (_, i) => `class ${i}`);
  if (labels.length !== head.classes) {
    throw new ToolkitError(
      "E_MODEL_METADATA",
      `Cannot label with ${source.name}: its head has ${head.classes} classes, but ${labels.length} names were given`,
    );
  }
  const metadata: ModelMetadata = {
    version: 1,
    toolkit: VERSION,
    labels,
    preprocessing: { sizePx, resizePx: defaultResizePx(sizePx), mean: normalisation.mean, std: normalisation.std },
    trainingInput: input?.name ?? "input",
    activation: "softmax",
    temperature: 1,
    rulesVersion: 1,
  };
  const model = inferenceModel(
    { ...graph, outputs: [head.logits] },
    {
      metadata,
      features: head.feature.name,
      ...(source.operators ? { operators: source.operators } : {}),
    },
  );
  return { model, metadata };
}
