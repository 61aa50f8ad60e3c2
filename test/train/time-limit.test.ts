import assert from "node:assert/strict";
import { stepPlan, timeBudget } from "../../toolkit/train/time-limit.ts";
import type { StepPlanOptions } from "../../toolkit/train/time-limit.ts";

interface Simulated {
  readonly steps: number;
  readonly ms: number;
  /** What the plan said after each run. */
  readonly plans: readonly number[];
}

/** Runs a stage whose steps and evaluations take the times that are given, until its plan ends it. */
function simulate(
  limitMs: number,
  stepMs: (step: number) => number,
  more: Partial<StepPlanOptions> & { readonly evaluationMs?: number; readonly perRun?: number } = {},
): Simulated {
  const { evaluationMs = 0, perRun = 1, ...options } = more;
  let ms = 0;
  const budget = timeBudget(limitMs, () => ms);
  const stepsPerEpoch = options.stepsPerEpoch ?? 10;
  const plan = stepPlan({
    budget,
    share: 1,
    most: 1e6,
    least: 1,
    stepsPerEpoch,
    made: 0,
    evaluationSteps: 0,
    afterwards: { ms: 0, evaluations: 0 },
    ...options,
  });
  const plans: number[] = [];
  let made = 0;
  let evaluated = 0;
  while (made < plan.steps()) {
    const room = Math.min(perRun, plan.steps() - made);
    for (let i = 0; i < room; i++) ms += stepMs(made + i);
    for (let i = 0; i < room; i++) plan.stepped(++made);
    plans.push(plan.steps());
    if (made % stepsPerEpoch !== 0 && made < plan.steps()) continue;
    ms += evaluationMs;
    evaluated = made;
    plan.evaluated();
  }
  assert.equal(evaluated, made, "it ends with an evaluation");
  return { steps: made, ms, plans };
}

describe("train/time-limit", () => {
  it("timeBudget() goes on from what an interrupted run had spent", () => {
    let ms = 500;
    const budget = timeBudget(1000, () => ms);
    ms = 700;
    assert.deepEqual([budget.spentMs(), budget.leftMs()], [200, 800]);
    assert.equal(timeBudget(1000, () => 700, 600).leftMs(), 900);
    assert.deepEqual([budget.after(300).spentMs(), budget.after(300).leftMs()], [500, 500]);
  });

  it("stepPlan() fills the time with steps, and goes not beyond it", () => {
    const { steps, ms } = simulate(10_000, () => 20);
    assert.ok(ms <= 10_000 && ms > 9000, `${ms} ms`);
    assert.ok(steps > 450 && steps <= 500);
  });

  it("stepPlan() knows its steps after the first runs, and keeps to them where nothing changes", () => {
    const { plans, steps } = simulate(10_000, () => 20, { evaluationMs: 50 });
    const settled = plans.slice(15);
    assert.ok(
      settled.every((planned) => Math.abs(planned - steps) <= 0.03 * steps),
      `${settled.slice(0, 5).join()} of ${steps}`,
    );
  });

  it("stepPlan() leaves time for evaluations and for what comes behind", () => {
    const { ms } = simulate(10_000, () => 20, { evaluationMs: 300, afterwards: { ms: 1500, evaluations: 1 } });
    assert.ok(ms <= 8200 && ms > 7200, `${ms} ms`);
  });

  it("stepPlan() takes an evaluation for as long as it is told before one was measured", () => {
    const { ms } = simulate(3000, () => 20, { evaluationMs: 600, evaluationSteps: 30, stepsPerEpoch: 1000 });
    assert.ok(ms <= 3000, `${ms} ms`);
  });

  it("stepPlan() plans anew where a run becomes slower, and ends in time", () => {
    const slow = simulate(10_000, (step) => (step < 100 ? 20 : 60));
    assert.ok(slow.ms <= 10_000 && slow.ms > 9000, `${slow.ms} ms`);
    assert.ok((slow.plans[50] ?? 0) > 400 && slow.steps < 260);
    for (const [i, planned] of slow.plans.entries()) assert.ok(i < 2 || planned <= (slow.plans[i - 1] ?? 0));
  });

  it("stepPlan() grows where a run becomes much quicker in its first half", () => {
    const quick = simulate(10_000, (step) => (step < 60 ? 60 : 20));
    assert.ok(quick.steps > 300 && quick.ms <= 10_000, `${quick.steps} steps`);
  });

  it("stepPlan() is right where one run makes many steps", () => {
    const { ms } = simulate(10_000, () => 20, { perRun: 16, evaluationMs: 40, stepsPerEpoch: 32 });
    assert.ok(ms <= 10_000 && ms > 8800, `${ms} ms`);
  });

  it("stepPlan() makes no more steps than there are, no fewer than an update takes, and its share of what is left", () => {
    assert.equal(simulate(10_000, () => 20, { most: 70 }).steps, 70);
    assert.equal(simulate(10, () => 20, { least: 4 }).steps, 4);
    const { ms } = simulate(10_000, () => 20, { share: 0.25 });
    assert.ok(ms <= 2500 && ms > 2000, `${ms} ms`);
  });
});
