import type { Dataset } from "../../data/dataset.ts";
import type { Evaluation } from "../../train/evaluate.ts";
import { checked } from "../diagnosis.ts";
import type { FineTuneEvent } from "../events.ts";
import { beatsBaseline, labelBaseline } from "./label-baseline.ts";

/** Says at the end of a run whether the network is better than one that never looks at a picture; aloud where it is not. */
export function* probeResult(evaluation: Evaluation, { train, classes, columns }: Dataset): Generator<FineTuneEvent> {
  if (evaluation.count === 0 || evaluation.several || evaluation.heads || columns) return;
  const labels = train.map(({ label }) => label);
  const baseline = labelBaseline(labels, evaluation.labels, classes.length);
  const share = (part: number): string => `${(100 * part).toFixed(1)} %`;
  const always = `always saying "${classes[baseline.label] ?? ""}" is right for ${share(baseline.accuracy)}`;
  const detail = `top-1 is ${share(evaluation.top1)}, and ${always}`;
  const facts = { top1: evaluation.top1, loss: evaluation.loss, always: baseline.accuracy, alwaysLoss: baseline.loss };
  if (beatsBaseline(evaluation, baseline)) {
    yield checked("baseline", "ok", detail, facts);
    return;
  }
  const hint = "see onnx-graft doctor MODEL DATA, or train for longer, at another --rate";
  yield { kind: "note", text: `warning: nothing was learnt from the pictures: ${detail}; ${hint}` };
  yield checked("baseline", "failed", `nothing was learnt from the pictures: ${detail}`, { hint, ...facts });
}
