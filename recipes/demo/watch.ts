import type { FineTuneEvent, FineTuneRun } from "../../toolkit/node.ts";
import { count, percent, progressLine, seconds } from "./talk.ts";
import type { Say } from "./talk.ts";

/** The first steps are slower: memory is laid out, photos are decoded. */
const WARM_UP_STEPS = 2;
const MEASURED_STEPS = 4;
/** Looking at a photo costs about a third of learning from it: no gradients. */
const LOOK_SHARE = 1 / 3;
/** Writing the file, the index, the sheet; does not depend on how many photos there are. */
const FIXED_SECONDS = 6;

export interface WatchOptions {
  readonly say: Say;
  /** Since the demo began. */
  readonly elapsed: () => number;
  readonly budgetSeconds: number;
  readonly classes: readonly string[];
  /** How many photos are looked at after the last step: to measure, to check the export, to label. */
  readonly photosAfter: number;
}

/**
 * Reads a staged run to its end, says what happens, and lets it train for as many steps as the time allows.
 * Returns the seconds of each stage, its preparation included.
 */
export async function watch(run: FineTuneRun, options: WatchOptions): Promise<readonly number[]> {
  const { say, elapsed, classes } = options;
  const ends: number[] = [];
  const started = elapsed();
  const limit = stepLimit(run, options);
  say(`\n1. A new head with ${count(classes.length, "output")} (${list(classes)}); all the layers before it stay as they are`);
  for await (const event of run) {
    if (event.kind === "features") progressLine("looking at every photo once:", event.done, event.total, say);
    if (event.kind === "note" && ends.length > 0) say(`   ${event.text}`);
    if (event.kind === "stage" && event.stage === "network") say("\n2. Now every layer learns, the first ones least");
    if (event.kind === "step" && event.stage === "network") {
      limit(event);
      progressLine("step", event.step, event.steps, say, `, loss ${event.meanLoss.toFixed(3)}, ${percent(event.meanAccuracy)} right so far`);
    }
    if (event.kind === "step" && event.stage === "head" && event.step === event.steps) say(`   head trained on what was seen: ${count(event.step, "step")}, loss ${event.loss.toFixed(3)}`);
    if (event.kind === "epoch") ends[event.stage === "head" ? 0 : 1] = elapsed();
  }
  return ends.map((end, i) => end - (ends[i - 1] ?? started));
}

type Step = Extract<FineTuneEvent, { kind: "step" }>;

/** Measures the first steps and then sets how many there will be. */
function stepLimit(run: FineTuneRun, { say, elapsed, budgetSeconds, photosAfter }: WatchOptions): (event: Step) => void {
  let from = 0;
  return ({ step, steps, count: batch }) => {
    if (step === WARM_UP_STEPS) from = elapsed();
    if (step !== WARM_UP_STEPS + MEASURED_STEPS) return;
    const perStep = (elapsed() - from) / MEASURED_STEPS;
    const left = budgetSeconds - elapsed() - FIXED_SECONDS - (photosAfter / batch) * perStep * LOOK_SHARE;
    const affordable = step + Math.max(0, Math.floor(left / perStep));
    run.limitSteps(Math.min(affordable, steps));
    say(`   a step of ${batch} photos takes ${seconds(perStep)} here: ${Math.min(affordable, steps)} of ${steps} steps fit into the time`);
  };
}

function list(names: readonly string[]): string {
  return names.length > 10 ? `${names.slice(0, 9).join(", ")} and ${names.length - 9} more` : names.join(", ");
}
