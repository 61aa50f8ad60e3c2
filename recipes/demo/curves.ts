import type { Chart, FineTuneEvent } from "../../toolkit/node.ts";

/** Photos that a point of a training curve stands for: fewer would be noise. */
const PHOTOS_PER_POINT = 320;

type Point = readonly [x: number, y: number];

/** The curves of a staged run: accuracy of the head by epoch, accuracy and loss of every layer by step. */
export interface TrainingCurves {
  add(event: FineTuneEvent): void;
  charts(): readonly Chart[];
}

/** Collects the curves from a run's events. */
export function trainingCurves(): TrainingCurves {
  const head = { training: [] as Point[], validation: [] as Point[] };
  const accuracy = { training: [] as Point[], validation: [] as Point[] };
  const loss = { training: [] as Point[], validation: [] as Point[] };
  let window = { photos: 0, correct: 0, loss: 0 };
  let correctBefore = 0;
  let step = 0;

  const addStep = (event: Extract<FineTuneEvent, { kind: "step" }>): void => {
    step = event.step;
    const { photos, correct, loss: sum } = window;
    const { correct: correctNow, samples } = event.progress;
    // the progress counts within an epoch
    const before = samples === event.count ? 0 : correctBefore;
    window = {
      photos: photos + event.count,
      correct: correct + correctNow - before,
      loss: sum + event.loss * event.count,
    };
    correctBefore = correctNow;
    if (window.photos < PHOTOS_PER_POINT) return;
    accuracy.training.push([step, window.correct / window.photos]);
    loss.training.push([step, window.loss / window.photos]);
    window = { photos: 0, correct: 0, loss: 0 };
  };

  return {
    add(event) {
      if (event.kind === "step" && event.stage === "network") addStep(event);
      if (event.kind !== "epoch" || !event.evaluation) return;
      const { top1, loss: mean } = event.evaluation;
      if (event.stage === "head") {
        head.training.push([event.epoch, event.trainAccuracy]);
        head.validation.push([event.epoch, top1]);
        // where every layer starts from
        accuracy.validation = [[0, top1]];
        loss.validation = [[0, mean]];
      } else {
        accuracy.validation.push([step, top1]);
        loss.validation.push([step, mean]);
      }
    },
    charts: () => [
      chart("New head: accuracy", "epoch", true, head),
      chart("Every layer: accuracy", "step", true, accuracy),
      chart("Every layer: loss", "step", false, loss),
    ],
  };
}

function chart(
  title: string,
  xLabel: string,
  percent: boolean,
  { training, validation }: { training: readonly Point[]; validation: readonly Point[] },
): Chart {
  const series: Chart["series"] = [
    { name: "training", tone: "train", points: training },
    { name: "unseen", tone: "validation", points: validation },
  ];
  return { title, xLabel, percent, wholeX: true, rules: [], series: series.filter((s) => s.points.length > 0) };
}
