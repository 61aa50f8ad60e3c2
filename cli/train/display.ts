import type { FineTuneEvent } from "../../toolkit/node.ts";
import { percent } from "../format.ts";
import type { Output, Progress } from "../output.ts";

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
export function trainingDisplay(out: Output, now: () => number): TrainingDisplay {
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
    if (event.index === 0) out.data(HEADER);
  };
  const onStep = (event: Of<"step">): void => {
    const perEpoch = Math.max(1, Math.round((stage?.steps ?? 1) / (stage?.epochs ?? 1)));
    if (!bar) {
      epochStart = event.epoch * perEpoch;
      const label = `${event.stage} ${event.epoch + 1}/${stage?.epochs ?? 1}`;
      bar = out.progress({ total: Math.min(perEpoch, event.steps - epochStart), label, transient: true });
    }
    const imagesPerSecond = speed();
    bar.update(event.step - epochStart, {
      loss: event.meanLoss,
      accuracy: event.meanAccuracy,
      ...(imagesPerSecond === undefined ? {} : { imagesPerSecond }),
    });
  };
  const onEpoch = (event: Of<"epoch">): void => {
    stop();
    if (out.wantsJson) out.json(epochJson(event, speed()));
    else out.data(epochRow(event, speed()));
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
        bar.update(event.done);
      } else if (event.kind === "note") out.say(event.text);
      else if (event.kind === "checkpoint") checkpoint = event.path;
      else if (event.kind === "rescued") {
        stop();
        const { evaluation } = event.result;
        out.say(
          `kept the best weights before the failure: top-1 ${percent(evaluation?.top1 ?? 0)}, exported to the run folder`,
        );
      }
      last = at;
    },
    stop,
    checkpoint: () => checkpoint,
  };
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
    top1: evaluation?.count ? evaluation.top1 : null,
    top5Error: evaluation?.count ? evaluation.top5Error : null,
    rate,
    imagesPerSecond: imagesPerSecond ?? null,
    best,
  };
}

const HEADER = "stage     epoch     loss  accuracy  val. loss  val. accuracy     img/s";

function epochRow(event: Of<"epoch">, imagesPerSecond: number | undefined): string {
  const { stage, epoch, epochs, trainLoss, trainAccuracy, best, evaluation } = event;
  const cells = [
    stage.padEnd(8),
    `${epoch}/${epochs}`.padStart(6),
    trainLoss.toFixed(3).padStart(8),
    percent(trainAccuracy).padStart(9),
    (evaluation?.count ? evaluation.loss.toFixed(3) : "-").padStart(10),
    (evaluation?.count ? percent(evaluation.top1) : "-").padStart(14),
    (imagesPerSecond?.toFixed(imagesPerSecond < 100 ? 1 : 0) ?? "-").padStart(9),
  ];
  return cells.join(" ") + (best && evaluation?.count ? "  best" : "");
}
