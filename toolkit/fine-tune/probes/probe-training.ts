import type { TrainEvent } from "../../train/train.ts";
import type { FineTuneEvent } from "../events.ts";
import type { StageOptions } from "../run-stage.ts";
import type { Stage } from "../stage.ts";
import { checked } from "../diagnosis.ts";
import { judgeGradientNorms } from "./gradient-norms.ts";
import { judgeStart } from "./loss-at-start.ts";
import { noteOf } from "./probe-inputs.ts";
import { updateFault, updateSizes, updateText } from "./update-sizes.ts";

/** What a stage is, as `runStage` has it. */
export interface ProbedStage {
  readonly stage: Stage;
  readonly options: Pick<StageOptions, "settings" | "fingerprint" | "from">;
}

/** Looks at what a stage tells, and says in its first steps what would be known too late otherwise. */
export function* probeTraining(event: TrainEvent, probed: ProbedStage): Generator<FineTuneEvent> {
  const { stage, options } = probed;
  if (event.kind !== "step" || event.step !== 1 || options.from) return;
  if (startsFromGuessing(probed)) {
    const check = judgeStart(event.loss, stage.classes);
    // less than guessing is what a head has that knows the classes from before
    const isKnowing = check.status === "warning" && event.loss < Math.log(stage.classes);
    yield { kind: "note", text: isKnowing ? `${check.name}: ${check.detail}` : noteOf(check) };
    yield isKnowing ? checked(check.name, "ok", check.detail, check.facts) : check;
  }
  // there is no update yet
  if (options.settings.accumulate > 1 || !event.norms) return;
  const { initial } = stage.step;
  const norms = event.norms.map((own) => ({ ...own, rank: initial.get(own.parameter)?.shape.length ?? 0 }));
  const sizes = updateSizes(norms);
  const fault = updateFault(sizes, event.rate);
  if (fault !== undefined) yield { kind: "note", text: `warning: ${fault}` };
  yield judgeGradientNorms(
    norms.map(({ parameter, gradient, weight }) => ({ parameter, layer: "", norm: gradient, weightNorm: weight })),
  );
  yield checked("first step", fault === undefined ? "ok" : "warning", fault ?? updateText(sizes, event.rate), {
    sizes,
  });
}

/** Whether the loss at the start is the cross-entropy of a head that has learnt nothing yet. */
function startsFromGuessing({ stage, options: { settings, fingerprint } }: ProbedStage): boolean {
  const { mode, loss } = settings;
  const isFirst = stage.name === "head" || mode !== "staged";
  return isFirst && !stage.heads && loss.name === "cross-entropy" && fingerprint["teacher"] === undefined;
}
