import assert from "node:assert/strict";
import { constant } from "../../toolkit/schedules/constant.ts";
import { cosine } from "../../toolkit/schedules/cosine.ts";
import type { Schedule } from "../../toolkit/schedules/schedule.ts";
import { stepDecay } from "../../toolkit/schedules/step-decay.ts";
import { warmUp } from "../../toolkit/schedules/warm-up.ts";
import { fixture, readJson } from "../support/fixtures.ts";

interface Goldens {
  readonly cases: Readonly<
    Record<string, { readonly settings: Readonly<Record<string, number>>; readonly rates: readonly number[] }>
  >;
}

const { cases } = readJson<Goldens>(fixture("goldens/schedules.json"));

function matches(name: string, schedule: Schedule): void {
  const golden = cases[name];
  assert.ok(golden, `the goldens hold no case "${name}"`);
  const steps = golden.rates.length;
  for (const [step, rate] of golden.rates.entries()) {
    const ours = schedule({ step, steps, metrics: [] });
    assert.ok(Math.abs(ours - rate) <= 1e-9, `${name}, step ${step}: ${ours}, PyTorch ${rate}`);
  }
}

describe("schedules", () => {
  it("constant() never changes", () => {
    assert.deepEqual(
      [0, 7, 59].map((step) => constant(0.3)({ step, steps: 60, metrics: [] })),
      [0.3, 0.3, 0.3],
    );
  });
  it("cosine() equals CosineAnnealingLR", () => matches("cosine", cosine(0.1, { floor: 0.001 })));
  it("stepDecay() equals StepLR", () => matches("step", stepDecay(0.1, { every: 12, factor: 0.5 })));
  it("warmUp() before cosine() equals PyTorch's sequence", () =>
    matches("warmup-cosine", warmUp(cosine(0.1, { floor: 0.001 }), { steps: 8, from: 0.1 })));
});
