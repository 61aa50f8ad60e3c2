import { findRate } from "../train/rate-finder.ts";
import type { FineTuneEvent } from "./events.ts";
import { recipeOf } from "./recipe.ts";
import type { Settings } from "./settings.ts";
import type { Schedule } from "../schedules/schedule.ts";
import type { Stage, StageRun } from "./stage.ts";

/** Updates of a range test. */
const UPDATES = 100;

/** Makes a range test on a stage that is loaded, which changes nothing that its session holds, and returns the rate to train with: the default's where the loss falls at none. */
export async function* tryRates(
  stage: Stage,
  run: Pick<StageRun, "session">,
  settings: Settings,
  signal?: AbortSignal,
): AsyncGenerator<FineTuneEvent, number> {
  // the head of staged is trained plainly
  const accumulate = stage.name === "head" && settings.mode !== "frozen" ? 1 : settings.accumulate;
  const { session } = run;
  const { name, step, logits, classes, batches, stepsPerEpoch, extras } = stage;
  const test = findRate({
    session,
    state: [...step.state.keys()],
    logits,
    classes,
    batches,
    stepsPerEpoch,
    updates: UPDATES,
    accumulate,
    ...(extras ? { extras } : {}),
    ...(signal ? { signal } : {}),
  });
  let done = 0;
  let item = await test.next();
  for (; !item.done; item = await test.next()) {
    done += 1;
    const { rate, loss } = item.value;
    yield { kind: "rate-test", stage: name, done, total: UPDATES * accumulate, rate, loss };
  }
  signal?.throwIfAborted();
  const fallback = name === "head" ? settings.headRate : settings.rate;
  const { suggestion, steepest, lowest } = item.value;
  const rate = suggestion === undefined ? fallback : rounded(suggestion);
  yield { kind: "rate", stage: name, rate, test: item.value };
  yield {
    kind: "note",
    text:
      suggestion === undefined
        ? `the loss falls at no rate that was tried: training the ${name} with the default, ${rate}`
        : `training the ${name} with rate ${rate}: a tenth of ${rounded(lowest ?? 0)}, where the loss is lowest; it falls fastest at ${rounded(steepest ?? 0)}`,
  };
  return rate;
}

/** The schedule of a stage at another rate. */
export function scheduleAt(rate: number, { name, stepsPerEpoch }: Stage, settings: Settings): Schedule {
  return recipeOf(name, { ...settings, ...(name === "head" ? { headRate: rate } : { rate }) }, stepsPerEpoch).schedule;
}

/** Two digits: what the curve says is no more exact. */
function rounded(rate: number): number {
  return Number(rate.toPrecision(2));
}
