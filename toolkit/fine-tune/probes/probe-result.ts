import type { Dataset } from "../../data/dataset.ts";
import type { Evaluation } from "../../train/evaluate.ts";
import type { FineTuneEvent } from "../events.ts";
import { beatsBaseline, labelBaseline } from "./label-baseline.ts";

/** Says at the end of a run where the network is no better than one that never looks at a picture. */
export function* probeResult(evaluation: Evaluation, { train, classes, columns }: Dataset): Generator<FineTuneEvent> {
  if (evaluation.count === 0 || evaluation.several || columns) return;
  const labels = train.map(({ label }) => label);
  const baseline = labelBaseline(labels, evaluation.labels, classes.length);
  if (beatsBaseline(evaluation, baseline)) return;
  const share = (part: number): string => `${(100 * part).toFixed(1)} %`;
  const always = `always saying "${classes[baseline.label] ?? ""}" is right for ${share(baseline.accuracy)}`;
  yield {
    kind: "note",
    text: `warning: nothing was learnt from the pictures: top-1 is ${share(evaluation.top1)}, and ${always}; see onnx-graft doctor MODEL DATA, or train for longer, at another --rate`,
  };
}
