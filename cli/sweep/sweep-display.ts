import type { FineTuneEvent, SweepEvent, SweepPlan } from "../../toolkit/node.ts";
import { qualityCell, qualityHead } from "../../toolkit/report/quality-cell.ts";
import { counted } from "../format.ts";
import type { Output, Progress } from "../output.ts";
import { axisText, pointText } from "./point-text.ts";

/** Shows a sweep while it goes on: notes and bars on stderr, a row or a JSON line for each trial on stdout. */
export interface SweepDisplay {
  show(event: SweepEvent): void;
  /** Takes away a bar that is still there. */
  stop(): void;
}

type Ended = Extract<SweepEvent, { kind: "ended" }>;
type Best = Pick<Extract<Ended["trial"], { status: "done" }>, "quality" | "metric">;

/** `now` in milliseconds. */
export function sweepDisplay(out: Output, now: () => number): SweepDisplay {
  let plan: SweepPlan | undefined;
  let bar: { readonly of: string; readonly progress: Progress } | undefined;
  let known = 0;
  /** Of trials that were run here: how many, and the milliseconds since the first began. */
  let ran = 0;
  let start: number | undefined;
  let best: Best | undefined;
  let isTold = false;
  let isHead = false;

  const stop = (): void => {
    bar?.progress.stop();
    bar = undefined;
  };
  const barOf = (of: string, total: number, label: string): Progress => {
    if (bar?.of !== of) {
      stop();
      bar = { of, progress: out.progress({ total, label, transient: true }) };
    }
    return bar.progress;
  };
  const left = (): string => {
    const trials = (plan?.trials ?? 0) - known - ran;
    return start === undefined || ran === 0 ? "" : `, ${minutes(((now() - start) / ran) * trials)} left`;
  };

  const onTraining = (number: number, event: FineTuneEvent): void => {
    if (event.kind === "features") barOf("features", event.total, "features").update(event.done);
    // what is said of one head is of no use for the others
    else if (event.kind === "note" && ran === 0 && !isHead) out.say(event.text);
    // a head is trained before anybody could read it
    else if (event.kind === "step" && event.stage === "network") {
      const top = best === undefined ? "" : `, best ${qualityCell(best.quality, best.metric)}`;
      const label = `trial ${known + ran + 1} of ${plan?.trials ?? 0}${left()}${top}`;
      const { meanLoss: loss, meanAccuracy: accuracy } = event;
      barOf(`trial ${number} ${ran}`, event.steps, label).update(event.step, { loss, accuracy });
    }
  };
  const onEnded = (event: Ended): void => {
    if (event.isKnown) known++;
    else ran++;
    const isBest = event.best?.number === event.number;
    const done = event.best?.trials.find((trial) => trial.status === "done");
    best = done && { metric: done.metric, quality: event.best?.quality?.mean ?? done.quality };
    if (out.wantsJson) out.json(trialJson(event, isBest));
    else if (!event.isKnown || isBest) {
      if (!isTold) out.data(header(event.trial.status === "done" ? event.trial.metric : "accuracy"));
      isTold = true;
      // a bar is drawn below what is printed
      out.data(trialRow(event, isBest));
    }
    if (event.isKnown || event.trial.settings.mode !== "frozen") return stop();
    const total = (plan?.trials ?? 0) - known;
    if (ran < total)
      barOf(`trials ${known}`, total, "trials").update(ran, best === undefined ? {} : { accuracy: best.quality });
    else stop();
  };

  return {
    show(event) {
      if (event.kind === "note") out.say(event.text);
      else if (event.kind === "plan") {
        ({ plan } = event);
        sayPlan(out, event.plan);
      } else if (event.kind === "trial") {
        start ??= now();
        isHead = event.settings.mode === "frozen";
      } else if (event.kind === "training") onTraining(event.number, event.event);
      else onEnded(event);
    },
    stop,
  };
}

function sayPlan(out: Output, { method, axes, points, rungs, seeds, trials }: SweepPlan): void {
  const drawn = method === "grid" ? "a grid of" : "drawn at random:";
  out.say(`${drawn} ${counted(points.length, "point")} over ${axes.map(axisText).join(", ")}`);
  const each = seeds === 1 ? "" : `, ${seeds} seeds each`;
  const halved = rungs.map((rung) => `${rung.trials} for ${counted(rung.epochs ?? 0, "epoch")}`).join(", the best ");
  out.say(`${counted(trials, "trial")}${each}${rungs.length > 1 ? `: ${halved}` : ""}`);
}

function header(metric: string): string {
  return `trial ${qualityHead(metric).padStart(9)}     loss  epoch  seconds  settings`;
}

function trialRow({ number, point, trial, isKnown }: Ended, isBest: boolean): string {
  const done = trial.status === "done";
  const cells = [
    String(number).padStart(5),
    (done ? qualityCell(trial.quality, trial.metric) : "failed").padStart(9),
    (done ? trial.loss.toFixed(4) : "-").padStart(8),
    (done ? String(trial.epoch) : "-").padStart(6),
    trial.seconds.toFixed(1).padStart(8),
    `  ${pointText(point)}`,
  ];
  const why = trial.status === "failed" ? `: ${trial.message}` : "";
  return cells.join(" ") + (isBest ? "  best" : "") + (isKnown ? "  known" : "") + why;
}

function trialJson({ number, point, rung, trial, isKnown, done }: Ended, isBest: boolean): object {
  return { type: "trial", number, rung, point, ...trial, known: isKnown, best: isBest, done };
}

function minutes(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
