import type { FineTuneEvent } from "../../toolkit/node.ts";
import { qualityText } from "../../toolkit/train/quality-text.ts";
import { percent } from "../format.ts";
import { headsJson, numbersJson, numberText, r2Text } from "../scores.ts";
import type { Output, Progress, ProgressState } from "../output.ts";

/** Shows a run while it goes on: notes and bars on stderr, a row or a JSON line for each epoch on stdout. */
export interface TrainingDisplay {
  show(event: FineTuneEvent): void;
  /** Takes away a bar that is still there. */
  stop(): void;
  /** The last checkpoint that was written. */
  checkpoint(): string | undefined;
}

type Of<K extends FineTuneEvent["kind"]> = Extract<FineTuneEvent, { kind: K }>;

/** `now` in milliseconds. */
export function trainingDisplay(
  out: Output,
  now: () => number,
  { saysLabels = true }: { readonly saysLabels?: boolean } = {},
): TrainingDisplay {
  let bar: Progress | undefined;
  let stage: Of<"stage"> | undefined;
  let checkpoint: string | undefined;
  let last = now();
  /** The first step of a stage takes as long as loading does: it says nothing about the speed. */
  let isFirst = false;
  /** Of this epoch: milliseconds in steps, and photos. */
  let spent = 0;
  let photos = 0;
  let epochStart = 0;
  let hasWarned = false;
  const computing = computingSpeed();

  const stop = (): void => {
    bar?.stop();
    bar = undefined;
  };
  const speed = (): number | undefined => (spent > 0 ? (photos * 1000) / spent : undefined);

  const onStage = (event: Of<"stage">): void => {
    stop();
    stage = event;
    epochStart = 0;
    isFirst = true;
    if (event.index === 0) out.data(saysLabels ? HEADER : NUMBERS_HEADER);
  };
  const onStep = (event: Of<"step">): void => {
    const perEpoch = Math.max(1, Math.round((stage?.steps ?? 1) / (stage?.epochs ?? 1)));
    if (!bar) {
      epochStart = event.epoch * perEpoch;
      const label = `${event.stage} ${event.epoch + 1}/${stage?.epochs ?? 1}`;
      bar = out.progress({ total: Math.min(perEpoch, event.steps - epochStart), label, transient: true });
    }
    bar.update(event.step - epochStart, stateOf(event, speed(), saysLabels));
  };
  const onRateTest = ({ stage: name, total, done, loss }: Of<"rate-test">): void => {
    bar ??= out.progress({ total, label: `range test of the ${name}`, transient: true });
    bar.update(done, { loss });
  };
  const onEpoch = (event: Of<"epoch">): void => {
    stop();
    if (out.wantsJson) out.json(epochJson(event, speed()));
    else out.data(epochRow(event, speed()));
    if (!hasWarned) hasWarned = warnOfWaiting(out, event);
    [spent, photos] = [0, 0];
  };

  return {
    show(event) {
      const at = now();
      if (event.kind === "step") {
        if (!isFirst) [spent, photos] = [spent + at - last, photos + event.count];
        isFirst = false;
        onStep(event);
      } else if (event.kind === "epoch") onEpoch(event);
      else if (event.kind === "stage") onStage(event);
      else if (event.kind === "features") {
        bar ??= out.progress({ total: event.total, label: "features", transient: true });
        bar.update(event.done, computing(event, at - last));
      } else if (event.kind === "rate-test") onRateTest(event);
      else if (event.kind === "rate" || event.kind === "rescued") stop();
      else if (event.kind === "checkpoint") checkpoint = event.path;
      tell(out, event);
      last = at;
    },
    stop,
    checkpoint: () => checkpoint,
  };
}

/** What a bar says behind a step. */
function stateOf(
  { meanLoss, meanAccuracy }: Of<"step">,
  imagesPerSecond: number | undefined,
  saysLabels: boolean,
): ProgressState {
  return {
    loss: meanLoss,
    ...(saysLabels ? { accuracy: meanAccuracy } : {}),
    ...(imagesPerSecond === undefined ? {} : { imagesPerSecond }),
  };
}

/** How quick the frozen part is: views that are known from earlier runs take no time. */
function computingSpeed(): (event: Of<"features">, elapsedMs: number) => { imagesPerSecond?: number } {
  let [spentMs, computed, first] = [0, 0, 0];
  return ({ done, known }, elapsedMs) => {
    // a second stage counts from the beginning
    if (done - known < computed) [spentMs, computed, first] = [0, 0, 0];
    if (done - known === computed) return {};
    if (computed > 0) spentMs += elapsedMs;
    // the first views take as long as loading does
    else first = done - known;
    computed = done - known;
    return spentMs > 0 ? { imagesPerSecond: ((computed - first) * 1000) / spentMs } : {};
  };
}

/** Whether there was reason to. A step of the head alone is over so soon that any wait is a large share. */
function warnOfWaiting(out: Output, { stage, waitShare = 0 }: Of<"epoch">): boolean {
  if (stage === "head" || waitShare <= LONG_WAIT) return false;
  const share = `training waited ${percent(waitShare)} of the time for data`;
  out.warn(`${share}: let more processes decode photos (--decoders), or train on smaller copies`);
  return true;
}

/** What is said in words. */
function tell(out: Output, event: FineTuneEvent): void {
  if (event.kind === "note") out.say(event.text);
  else if (event.kind === "nonfinite") warnOfNonFinite(out, event);
  else if (event.kind === "rescued") sayRescued(out, event);
}

function sayRescued(out: Output, { result }: Of<"rescued">): void {
  const quality = result.evaluation ? qualityText(result.evaluation) : "-";
  const kept = `kept the best weights before the failure: ${quality}`;
  out.say(`${kept}, exported to the run folder`);
}

/** How many of a batch's photos are named. */
const NAMED = 4;

function warnOfNonFinite(out: Output, { stage, step, loss, skipped, files }: Of<"nonfinite">): void {
  const what = Number.isFinite(loss) ? "a gradient is no finite number" : `the loss is ${loss}`;
  const names = files.slice(0, NAMED).join(", ") + (files.length > NAMED ? ` and ${files.length - NAMED} more` : "");
  const then = skipped ? "; the step was left out, and the rate is halved" : "";
  out.warn(`${what} at step ${step} of the ${stage}, on ${names}${then}`);
}

function epochJson(event: Of<"epoch">, imagesPerSecond: number | undefined): object {
  const { stage, epoch, epochs, trainLoss, trainAccuracy, rate, best, evaluation } = event;
  return {
    type: "epoch",
    stage,
    epoch,
    epochs,
    trainLoss,
    trainAccuracy,
    // no validation photos: no scores
    loss: evaluation?.count ? evaluation.loss : null,
    top1: evaluation?.count && evaluation.classes > 0 ? evaluation.top1 : null,
    top5Error: evaluation?.count && evaluation.classes > 0 ? evaluation.top5Error : null,
    ...(evaluation?.numbers ? numbersJson(evaluation.numbers) : {}),
    ...(evaluation?.heads ? { heads: headsJson(evaluation.heads) } : {}),
    rate,
    imagesPerSecond: imagesPerSecond ?? null,
    waitShare: event.waitShare ?? null,
    best,
  };
}

/** A share of the time spent waiting for data that is worth a word. */
const LONG_WAIT = 0.2;

/** The last column is the share of the time that was spent waiting for data. */
const HEADER = "stage     epoch     loss  accuracy  val. loss  val. accuracy  img/s  wait";

/** Of numbers alone: errors in the mean of the columns, in their own units. */
const NUMBERS_HEADER = "stage     epoch     loss  val. loss  val. RMSE   val. R2  img/s  wait";

function epochRow(event: Of<"epoch">, imagesPerSecond: number | undefined): string {
  const { stage, epoch, epochs, trainLoss, trainAccuracy, best, evaluation, waitShare } = event;
  const isNumbers = evaluation?.classes === 0 && evaluation.numbers;
  const cells = [
    stage.padEnd(8),
    `${epoch}/${epochs}`.padStart(6),
    trainLoss.toFixed(3).padStart(8),
    ...(isNumbers ? [] : [percent(trainAccuracy).padStart(9)]),
    (evaluation?.count ? evaluation.loss.toFixed(3) : "-").padStart(10),
    ...(isNumbers
      ? [numberText(isNumbers.rmse).padStart(10), r2Text(isNumbers.r2).padStart(9)]
      : [(evaluation?.count ? percent(evaluation.top1) : "-").padStart(14)]),
    (imagesPerSecond?.toFixed(imagesPerSecond < 100 ? 1 : 0) ?? "-").padStart(6),
    (waitShare === undefined ? "-" : `${Math.round(waitShare * 100)} %`).padStart(5),
  ];
  return cells.join(" ") + (best && evaluation?.count ? "  best" : "");
}
