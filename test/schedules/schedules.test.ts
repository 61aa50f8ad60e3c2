import assert from "node:assert/strict";
import { constant } from "../../toolkit/schedules/constant.ts";
import { cosine } from "../../toolkit/schedules/cosine.ts";
import { cosineRestarts } from "../../toolkit/schedules/cosine-restarts.ts";
import { cyclic } from "../../toolkit/schedules/cyclic.ts";
import { exponential } from "../../toolkit/schedules/exponential.ts";
import { linear } from "../../toolkit/schedules/linear.ts";
import { multiStep } from "../../toolkit/schedules/multi-step.ts";
import { namedSchedule, scheduleNames } from "../../toolkit/schedules/named-schedule.ts";
import { polynomial } from "../../toolkit/schedules/polynomial.ts";
import type { Schedule } from "../../toolkit/schedules/schedule.ts";
import { stepDecay } from "../../toolkit/schedules/step-decay.ts";
import { warmUp } from "../../toolkit/schedules/warm-up.ts";
import { scheduleCases } from "../goldens/schedules.ts";
import { fixture } from "../support/fixtures.ts";

/** Rates to ten digits: those of some steps of a run. */
function rates(schedule: Schedule, steps: number, at: readonly number[]): readonly number[] {
  return at.map((step) => Number(schedule({ step, steps, metrics: [] }).toPrecision(10)));
}

describe("schedules against PyTorch", () => {
  for (const { name, run } of scheduleCases(fixture("goldens/schedules.json"))) {
    it(`sixty rates of ${name}`, run);
  }
});

describe("schedules", () => {
  it("constant() never changes where nothing else is said", () => {
    assert.deepEqual(rates(constant(0.3), 60, [0, 7, 59]), [0.3, 0.3, 0.3]);
  });
  it("stepDecay() reduces twice in a run where nothing else is said", () => {
    assert.deepEqual(rates(stepDecay(1), 9, [0, 2, 3, 5, 6, 8]), [1, 1, 0.1, 0.1, 0.01, 0.01]);
  });
  it("multiStep() reduces at a half and three quarters where nothing else is said", () => {
    assert.deepEqual(rates(multiStep(1), 8, [0, 3, 4, 5, 6, 7]), [1, 1, 0.1, 0.1, 0.01, 0.01]);
  });
  it("exponential() comes to a hundredth where nothing else is said", () => {
    assert.deepEqual(rates(exponential(1), 10, [0, 5, 10]), [1, 0.1, 0.01]);
  });
  it("linear() and polynomial() fall to 0 where nothing else is said, and stay there", () => {
    for (const schedule of [linear(1), polynomial(1)]) {
      assert.deepEqual(rates(schedule, 4, [0, 1, 4, 9]), [1, 0.75, 0, 0]);
    }
  });
  it("cosine() is a half in the middle, at its floor at the end", () => {
    assert.deepEqual(rates(cosine(1, { floor: 0.2 }), 10, [0, 5, 10]), [1, 0.6, 0.2]);
  });
  it("cosineRestarts() fills a run with three cycles where nothing else is said", () => {
    assert.deepEqual(rates(cosineRestarts(1), 70, [0, 10, 30]), [1, 1, 1]);
    assert.deepEqual(rates(cosineRestarts(1), 70, [5, 20, 50]), [0.5, 0.5, 0.5]);
  });
  it("cyclic() has four cycles where nothing else is said", () => {
    assert.deepEqual(rates(cyclic(1), 80, [0, 10, 20, 30, 70]), [0.1, 1, 0.1, 1, 1]);
  });
  it("warmUp() stands in front of any schedule, which then has the steps that are left", () => {
    assert.deepEqual(rates(warmUp(linear(1), { steps: 4, from: 0.2 }), 14, [0, 2, 4, 9, 14]), [0.2, 0.6, 1, 0.5, 0]);
  });

  for (const name of scheduleNames) {
    it(`${name} gives finite rates from 0 up to its own, in runs of any length, whatever was asked before`, () => {
      for (const warmUpSteps of [0, 3]) {
        const schedule = namedSchedule(name, { rate: 0.5, warmUpSteps });
        for (const steps of [1, 2, 3, 7, 100]) {
          const all = Array.from({ length: 2 * steps }, (_, step) => schedule({ step, steps, metrics: [0.5, 0.4] }));
          for (const [step, rate] of all.entries()) {
            assert.ok(rate >= 0 && rate <= 0.5 + 1e-12, `step ${step} of ${steps}: ${rate}`);
            assert.equal(schedule({ step, steps, metrics: [0.5, 0.4] }), rate);
          }
        }
      }
    });
  }
});
