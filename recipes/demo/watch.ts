import type { Chart, FineTuneEvent, FineTuneRun } from "../../toolkit/node.ts";
import { trainingCurves } from "./curves.ts";
import { count, list, percent, progressLine } from "./talk.ts";
import type { Say } from "./talk.ts";

/** The first steps are slower: memory is laid out, photos are decoded. */
const WARM_UP_STEPS = 2;
const MEASURED_STEPS = 4;
/** Speed is that of the last sixteen steps. */
const RECENT_MARKS = 5;
/** Looking at a photo costs about a third of learning from it: no gradients. */
const LOOK_SHARE = 1 / 3;
/** Writing the file, the index, the sheet; does not depend on how many photos there are. */
const FIXED_SECONDS = 6;
/** With fewer steps the result would be worse than before them: the first ones shake what the network knew. A slow machine takes longer instead. */
const FEWEST_STEPS = 50;
/** Share of the steps after which there will not be more. */
const LAST_GROWTH = 0.75;

export interface WatchOptions {
  readonly say: Say;
  /** Seconds since the demo began. */
  readonly elapsed: () => number;
  readonly budgetSeconds: number;
  readonly classes: readonly string[];
  /** How many photos are looked at after the last step: to measure, to check the export, to label. */
  readonly photosAfter: number;
}

export interface Watched {
  /** Of each stage, its preparation included. */
  readonly stageSeconds: readonly number[];
  readonly charts: readonly Chart[];
}

/** Reads a staged run to its end, says what happens, and lets it train for as many steps as the time allows. */
export async function watch(run: FineTuneRun, options: WatchOptions): Promise<Watched> {
  const { say, elapsed, classes } = options;
  const started = elapsed();
  const ends = new Map<string, number>();
  const curves = trainingCurves();
  const limit = stepLimit(run, options);
  say(`\n1. A new head with ${classes.length} outputs (${list(classes)}); all layers before it stay as they are`);
  for await (const event of run) {
    curves.add(event);
    if (event.kind === "features") progressLine("looking at every photo once:", event.done, event.total, say);
    if (event.kind === "note" && ends.has("head")) say(`   ${event.text}`);
    if (event.kind === "epoch") ends.set(event.stage, elapsed());
    if (event.kind === "stage" && event.stage === "network") say("\n2. Now every layer learns, the first ones least");
    if (event.kind !== "step") continue;
    if (event.stage === "network") limit(event);
    const note = `, loss ${event.meanLoss.toFixed(3)}, ${percent(event.meanAccuracy)} right on what it learns from`;
    progressLine(event.stage === "head" ? "training the head: step" : "step", event.step, event.steps, say, note);
  }
  const times = [...ends.values()];
  return { stageSeconds: times.map((end, i) => end - (times[i - 1] ?? started)), charts: curves.charts() };
}

type Step = Extract<FineTuneEvent, { kind: "step" }>;

/** Measures the first steps and sets how many there will be; fewer or more, should the machine turn slower or faster. */
function stepLimit(
  run: FineTuneRun,
  { say, elapsed, budgetSeconds, photosAfter }: WatchOptions,
): (event: Step) => void {
  const marks: number[] = [];
  let limit = Infinity;
  let most = limit;
  let planned = limit;
  let slower = false;
  return ({ step, steps, count: batch }) => {
    if (step < WARM_UP_STEPS || (step - WARM_UP_STEPS) % MEASURED_STEPS !== 0) return;
    marks.push(elapsed());
    const recent = marks.slice(-RECENT_MARKS);
    if (recent.length < 2) return;
    const perStep = ((recent.at(-1) ?? 0) - (recent[0] ?? 0)) / ((recent.length - 1) * MEASURED_STEPS);
    const left = budgetSeconds - elapsed() - FIXED_SECONDS - (photosAfter / batch) * perStep * LOOK_SHARE;
    const affordable = Math.max(FEWEST_STEPS, step + Math.floor(left / perStep));
    if (limit === Infinity) {
      most = steps;
      limit = Math.min(affordable, most);
      planned = limit;
      say(
        `   a step of ${count(batch, "photo")} takes ${perStep.toFixed(2)} s here: ${limit} of ${steps} steps fit into the time`,
      );
    }
    if (!slower && affordable < planned * 0.9) {
      say("   the machine has become slower: fewer steps will do");
      slower = true;
    }
    // towards the end the rate is small, and more steps would raise it again
    const grows = step < limit * LAST_GROWTH;
    limit = Math.min(grows ? most : limit, Math.max(affordable, step));
    run.limitSteps(limit);
  };
}
