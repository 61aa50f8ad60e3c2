import type { CheckRecord, LayerRecord, NormRecord, RunReport, StepRecord } from "../report/run-report.ts";
import type { ParameterNorms } from "../train/measure-step.ts";
import type { FineTuneEvent, StageName } from "./events.ts";

/** A step at which norms were taken, as log.jsonl holds it: of the gradient, the weight and the update, by parameter. */
export interface LoggedStep extends StepRecord {
  readonly kind: "step";
  readonly stage: StageName;
  /** Counted within its stage; `step` counts over the whole run. */
  readonly stageStep: number;
  readonly norms: Readonly<Record<string, readonly [gradient: number, weight: number, update: number]>>;
}

/** A check of the run, as log.jsonl holds it. */
export interface LoggedCheck extends CheckRecord {
  readonly kind: "check";
}

export type LoggedRecord = LoggedStep | LoggedCheck;

/** What a run tells of its steps beside loss and rate, and what it has checked. */
export interface StepLog {
  /** Takes an event in; returns the record to be kept of it. */
  add(event: FineTuneEvent): LoggedRecord | undefined;
  /** Steps of the whole run before the stage that is running. */
  stepsBefore(): number;
  report(): Pick<RunReport, "norms" | "layers" | "checks">;
}

/** Records that replace each other have this alike. */
export function recordKey(record: LoggedRecord): string {
  return record.kind === "step"
    ? `step ${record.stage} ${record.stageStep}`
    : `check ${record.stage ?? ""} ${record.name}`;
}

/** Collects a run's measured steps and checks, after those that an interrupted run had logged. */
export function stepLog(earlier: readonly LoggedRecord[] = []): StepLog {
  const records = new Map(earlier.map((record) => [recordKey(record), record]));
  let stage: StageName | undefined;
  let before = 0;
  let made = 0;
  const keep = (record: LoggedRecord): LoggedRecord => {
    records.set(recordKey(record), record);
    return record;
  };
  return {
    add(event) {
      if (event.kind === "stage") {
        before = stage === undefined ? stepsBefore(event.stage, earlier) : before + made;
        [stage, made] = [event.stage, 0];
      }
      if (event.kind === "check") {
        const { name, status, detail, hint, facts } = event;
        const about = { name, status, detail, ...(hint === undefined ? {} : { hint }), facts };
        return keep({ kind: "check", ...(stage && name !== "baseline" ? { stage } : {}), ...about });
      }
      if (event.kind !== "step") return undefined;
      made = event.step;
      const { norms, loss, rate } = event;
      if (!norms) return undefined;
      const step = before + event.step;
      return keep({ kind: "step", stage: event.stage, stageStep: event.step, step, loss, rate, norms: rounded(norms) });
    },
    stepsBefore: () => before,
    report() {
      const all = [...records.values()];
      const steps = all.filter((record) => record.kind === "step").toSorted((a, b) => a.step - b.step);
      const stages = [...new Set(steps.map((record) => record.stage))];
      return {
        norms: steps.map(normRecord),
        layers: stages.flatMap((name) => layersOf(steps.filter((record) => record.stage === name))),
        checks: all.filter((record) => record.kind === "check").map(({ kind: _kind, ...check }) => check),
      };
    },
  };
}

/** Steps before a stage that is resumed, or begun by a run that was resumed. */
function stepsBefore(stage: StageName, earlier: readonly LoggedRecord[]): number {
  const steps = earlier.filter((record) => record.kind === "step");
  const own = steps.find((record) => record.stage === stage);
  return own ? own.step - own.stageStep : Math.max(0, ...steps.map(({ step }) => step));
}

function rounded(norms: readonly ParameterNorms[]): LoggedStep["norms"] {
  const short = (value: number): number => Number(value.toPrecision(4));
  return Object.fromEntries(
    norms.map(({ parameter, gradient, weight, update }) => [
      parameter,
      [short(gradient), short(weight), short(update)],
    ]),
  );
}

function normRecord({ step, stage, norms }: LoggedStep): NormRecord {
  const whole = (i: 0 | 1 | 2): number => Math.hypot(...Object.values(norms).map((own) => own[i]));
  const [gradient, weight, update] = [whole(0), whole(1), whole(2)];
  return { step, mode: stage, gradient, weight, updateShare: shareOf(update, weight) };
}

/** The parameters of one stage, in the order they have in the network. */
function layersOf(steps: readonly LoggedStep[]): readonly LayerRecord[] {
  const [first, last] = [steps[0], steps.at(-1)];
  if (!first || !last) return [];
  return Object.entries(first.norms).map(([parameter, [gradient, weight]]) => {
    const shares = steps.flatMap(({ norms }) => {
      const own = norms[parameter];
      return own ? [shareOf(own[2], own[1])] : [];
    });
    const [lastGradient = Number.NaN, lastWeight = Number.NaN] = last.norms[parameter] ?? [];
    return {
      mode: first.stage,
      parameter,
      gradient: [gradient, lastGradient],
      weight: [weight, lastWeight],
      updateShare: median(shares),
    };
  });
}

/** A parameter of zeros that begins to move has no share. */
function shareOf(update: number, weight: number): number | null {
  return weight > 0 && Number.isFinite(update / weight) ? update / weight : null;
}

function median(shares: readonly (number | null)[]): number | null {
  const known = shares.filter((share) => share !== null).toSorted((a, b) => a - b);
  return known[Math.floor((known.length - 1) / 2)] ?? null;
}
