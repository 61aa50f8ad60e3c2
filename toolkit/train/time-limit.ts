/** The time that a run has. */
export interface TimeBudget {
  readonly limitMs: number;
  /** Since the beginning. */
  spentMs(): number;
  leftMs(): number;
  /** The same after an interrupted run that had spent so much of it. */
  after(ms: number): TimeBudget;
}

/** `now` in milliseconds, never going back; the budget begins with this call, or at `since`. */
export function timeBudget(limitMs: number, now: () => number, since: number = now()): TimeBudget {
  return budgetFrom(limitMs, now, since);
}

function budgetFrom(limitMs: number, now: () => number, startMs: number): TimeBudget {
  const spentMs = (): number => now() - startMs;
  return {
    limitMs,
    spentMs,
    leftMs: () => limitMs - spentMs(),
    after: (ms) => budgetFrom(limitMs, now, startMs - ms),
  };
}

export interface StepPlanOptions {
  readonly budget: TimeBudget;
  /** Share of what is left now that the steps and evaluations of this stage may take. */
  readonly share: number;
  /** Steps beyond which there is nothing to be trained, and those that are made in any case. */
  readonly most: number;
  readonly least: number;
  readonly stepsPerEpoch: number;
  /** Steps that were made before. */
  readonly made: number;
  /** Before the first evaluation was measured: how many steps one is likely to take. */
  readonly evaluationSteps: number;
  /** What comes behind the last evaluation, an export with its check: a time of its own, and a share of an evaluation's. */
  readonly afterwards: { readonly ms: number; readonly evaluations: number };
}

/** How many steps fit into the time of a stage. */
export interface StepPlan {
  /** Steps of the whole stage as planned now. To be asked between two runs of the session: what was told since then came from one. */
  steps(): number;
  /** Told of every step, with those before it. */
  stepped(step: number): void;
  /** Told when an evaluation is over, and all that is kept of it is written. */
  evaluated(): void;
  /** What `steps` said last, once the time of a step is known. */
  planned(): number | undefined;
  /** The time of a step, once it is known. */
  stepMs(): number | undefined;
}

/** Runs whose time says how long the next ones take. */
const RECENT = 30;
/** Kept back of a budget: timers are coarse, and the last run may be slow. */
const MARGIN = 0.03;
/** A plan grows only by more than this, and only in its first half: the schedule has to come to its end. */
const WORTH = 1.05;

/** Plans the steps of a stage from how long its steps and evaluations take: fewer as soon as it is seen to run slower, more where it runs much faster. */
export function stepPlan(options: StepPlanOptions): StepPlan {
  const { budget, share, most, least, stepsPerEpoch, evaluationSteps, afterwards } = options;
  const endMs = budget.spentMs() + share * budget.leftMs() - MARGIN * budget.limitMs;
  const recent: { readonly steps: number; readonly ms: number }[] = [];
  let made = options.made;
  let [seen, seenMs] = [made, budget.spentMs()];
  let isFirst = true;
  let planned: number | undefined;
  let evaluationMs: number | undefined;

  const stepMs = (): number | undefined => {
    const steps = recent.reduce((sum, run) => sum + run.steps, 0);
    return steps > 0 ? recent.reduce((sum, run) => sum + run.ms, 0) / steps : undefined;
  };
  /** Takes note of the steps since the last time: several come at once where a run makes several. */
  const look = (): void => {
    const ms = budget.spentMs();
    // the first run of a session is slow
    if (made > seen && !isFirst) recent.push({ steps: made - seen, ms: ms - seenMs });
    if (made > seen) isFirst = false;
    if (recent.length > RECENT) recent.shift();
    [seen, seenMs] = [made, ms];
  };
  const fitting = (ofStep: number): number => {
    const ofEvaluation = evaluationMs ?? evaluationSteps * ofStep;
    const behind = afterwards.ms + (1 + afterwards.evaluations) * ofEvaluation;
    return made + Math.floor((endMs - budget.spentMs() - behind) / (ofStep + ofEvaluation / stepsPerEpoch));
  };
  return {
    stepMs,
    planned: () => planned,
    steps() {
      if (made > seen) look();
      const ofStep = stepMs();
      if (ofStep === undefined) return planned ?? most;
      const fit = Math.min(most, Math.max(least, made, fitting(ofStep)));
      const grows = planned === undefined || (fit > planned * WORTH && made < planned / 2);
      if (grows || fit < (planned ?? most)) planned = fit;
      return planned ?? fit;
    },
    stepped(step) {
      made = step;
    },
    evaluated() {
      const ms = budget.spentMs();
      evaluationMs = ms - seenMs;
      [seen, seenMs] = [made, ms];
    },
  };
}
