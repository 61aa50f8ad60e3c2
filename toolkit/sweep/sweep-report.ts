import type { FineTuneSettings } from "../fine-tune/settings.ts";
import type { Setting } from "../report/run-report.ts";
import type { SweepReport, SweepRow, SweptSetting } from "../report/sweep-report.ts";
import { closeToBest, isDone } from "./ranking.ts";
import type { Row } from "./ranking.ts";
import type { Axis, Value } from "./space.ts";
import type { SweepPlan } from "./sweep-plan.ts";
import type { SweepResult } from "./sweep.ts";

/** What a report says that no result tells. */
export interface SweepAbout {
  readonly title: string;
  readonly model: string;
  readonly trainImages: number;
  readonly validationImages: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly finishedAt: string;
  /** Settings as a run's config.json has them, with every default decided. */
  readonly settle: (settings: FineTuneSettings) => Readonly<Record<string, Setting>>;
}

export function sweepReport({ plan, rows, status }: SweepResult, about: SweepAbout): SweepReport {
  const { settle, ...others } = about;
  return {
    ...others,
    method: plan.method,
    status,
    metric: rows.flatMap(({ trials }) => trials.filter(isDone))[0]?.metric ?? "accuracy",
    seeds: plan.seeds,
    axes: plan.axes.map(settingOf),
    rows: rows.map((row) => rowOf(row, plan.rungs[row.rung]?.epochs ?? null)),
    close: closeToBest(rows).length,
    settings: sharedSettings(plan, settle),
  };
}

/** What the settings of all points have in common, with every default decided. */
function sharedSettings(
  { points, shared }: SweepPlan,
  settle: SweepAbout["settle"],
): Readonly<Record<string, Setting>> {
  const all = points.flatMap((point) => {
    try {
      return [settle({ ...shared, ...point })];
    } catch {
      // its trials say why they failed
      return [];
    }
  });
  const entries = Object.entries(all[0] ?? {});
  return Object.fromEntries(
    entries.filter(([name, value]) => name !== "seed" && all.every((one) => one[name] === value)),
  );
}

function settingOf(axis: Axis): SweptSetting {
  if (axis.kind === "choice") return { name: axis.name, kind: "choice", values: axis.values.map(plain) };
  const { name, from, to, scale } = axis;
  return { name, kind: "range", from, to, scale };
}

function rowOf({ number, point, quality, loss, seconds, trials }: Row, epochs: number | null): SweepRow {
  return {
    number,
    values: Object.fromEntries(Object.entries(point).map(([name, value]) => [name, plain(value)])),
    epochs,
    quality,
    loss,
    seconds,
    errors: trials.flatMap((trial) => (trial.status === "failed" ? [trial.message] : [])),
  };
}

/** A choice without options of its own is its name. */
function plain(value: Value): Setting {
  if (typeof value !== "object") return value;
  return Object.keys(value).length === 1 ? value.name : JSON.stringify(value);
}
