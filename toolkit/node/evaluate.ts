import { evaluateSet } from "../data/dataset.ts";
import { ToolkitError } from "../errors.ts";
import type { SourceModel } from "../export/source-model.ts";
import { evaluationTargets } from "../label/evaluation-targets.ts";
import { evaluateTagger } from "../label/evaluate-tagger.ts";
import type { TaggerEvaluation } from "../label/evaluate-tagger.ts";
import { openTagger } from "./open-tagger.ts";
import type { OpenTaggerOptions } from "./open-tagger.ts";

/**
 * Measures a model on a folder of labelled photos (its val/ where it has one).
 * @throws E_DATA_*, E_MODEL_*
 */
export async function evaluate(
  model: string | SourceModel,
  data: string,
  options: OpenTaggerOptions = {},
): Promise<TaggerEvaluation> {
  const tagger = await openTagger(model, options);
  try {
    const { samples } = await evaluateSet(data, tagger.labels, evaluationTargets(tagger.metadata));
    if (samples.length === 0)
      throw new ToolkitError("E_DATA_EMPTY", `Cannot evaluate on "${data}": it holds no photos`);
    const run = evaluateTagger(tagger, samples);
    let item = await run.next();
    while (!item.done) item = await run.next();
    return item.value;
  } finally {
    await tagger.close();
  }
}
