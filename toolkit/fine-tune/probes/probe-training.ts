import type { Tensors } from "../../runtime/runtime.ts";
import type { TrainEvent } from "../../train/train.ts";
import type { FineTuneEvent } from "../events.ts";
import type { StageOptions } from "../run-stage.ts";
import type { Stage, StageRun } from "../stage.ts";
import { judgeStart } from "./loss-at-start.ts";
import { noteOf } from "./probe-inputs.ts";
import { updateFault, updateSizes } from "./update-sizes.ts";

/** What a stage is, as `runStage` has it. */
export interface ProbedStage {
  readonly stage: Stage;
  readonly run: Pick<StageRun, "session">;
  readonly options: Pick<StageOptions, "settings" | "fingerprint" | "from">;
}

/** Looks at what a stage tells, and says in its first steps what would be known too late otherwise. Costs one copy of the weights. */
export async function* probeTraining(event: TrainEvent, probed: ProbedStage): AsyncGenerator<FineTuneEvent> {
  const { stage, run, options } = probed;
  if (event.kind !== "step" || event.step !== 1 || options.from) return;
  if (startsFromGuessing(probed)) {
    const check = judgeStart(event.loss, stage.classes);
    // less than guessing is what a head has that knows the classes from before
    const isKnowing = check.status === "warning" && event.loss < Math.log(stage.classes);
    yield { kind: "note", text: isKnowing ? `${check.name}: ${check.detail}` : noteOf(check) };
  }
  // there is no update yet
  if (options.settings.accumulate > 1) return;
  const { parameters, initial } = stage.step;
  const after: Tensors = await run.session.get(parameters);
  const fault = updateFault(updateSizes(initial, after), event.rate);
  if (fault !== undefined) yield { kind: "note", text: `warning: ${fault}` };
}

/** Whether the loss at the start is the cross-entropy of a head that has learnt nothing yet. */
function startsFromGuessing({ stage, options: { settings, fingerprint } }: ProbedStage): boolean {
  const { mode, loss } = settings;
  const isFirst = stage.name === "head" || mode !== "staged";
  return isFirst && loss.name === "cross-entropy" && fingerprint["teacher"] === undefined;
}
