import assert from "node:assert/strict";
import type { RunOptions } from "../../toolkit/runtime/runtime.ts";
import { STEP } from "../../toolkit/train/step.ts";
import { craftCase, eventsOf, watchedRuntime } from "./craft-run.ts";

/** The same run of a step with a weight that is no number: so is its loss. */
function poisoned({ feeds, ...options }: RunOptions): RunOptions {
  const weight = feeds.get(STEP.weight);
  assert.ok(weight);
  const data = Float32Array.from(weight.data as Float32Array, () => Number.NaN);
  return { ...options, feeds: new Map([...feeds, [STEP.weight, { ...weight, data }]]) };
}

describe("fine-tune, where a loss is not finite", () => {
  const { train, dataset } = craftCase();
  const FROZEN = { mode: "frozen", epochs: 4, rate: 0.01, schedule: "constant" } as const;
  /** Steps that are poisoned, counted over the run. */
  const at = (...steps: readonly number[]): { runtime: ReturnType<typeof watchedRuntime> } => ({
    runtime: watchedRuntime((options, number) => (steps.includes(number) ? poisoned(options) : undefined)),
  });

  it("a run stops, and tells the photos of the batch before", async () => {
    const events: string[] = [];
    const abortAt = (event: { kind: string; files?: readonly string[] }): boolean => {
      if (event.kind === "nonfinite") events.push(...(event.files ?? []));
      return false;
    };
    await assert.rejects(train({ ...FROZEN, ...at(5), abortAt }), {
      code: "E_NONFINITE_LOSS",
      message: /the loss is NaN at step 5 \(rate 0.01\)/,
    });
    const paths = new Set(dataset().train.map((s) => s.path));
    assert.equal(events.length, 8);
    assert.ok(events.every((path) => paths.has(path)));
  });

  it("onNonFinite skip leaves the step out, halves the rate for good, and goes on from good weights", async () => {
    const told = await train({ ...FROZEN, ...at(5, 8), onNonFinite: "skip" });
    const skipped = eventsOf(told, "nonfinite");
    assert.deepEqual(
      skipped.map(({ step, skipped: left, files }) => [step, left, files.length]),
      [
        [5, true, 8],
        [8, true, 8],
      ],
    );
    const steps = eventsOf(told, "step").map(({ step, rate }) => `${step} ${rate}`);
    const rateAt = (step: number): number => (step < 5 ? 0.01 : step < 8 ? 0.005 : 0.0025);
    const made = Array.from({ length: 12 }, (_, i) => i + 1).filter((step) => step !== 5 && step !== 8);
    assert.deepEqual(
      steps,
      made.map((step) => `${step} ${rateAt(step)}`),
    );
    assert.ok(eventsOf(told, "step").every((e) => Number.isFinite(e.loss)));
    assert.ok(told.result.model);
  });

  it("onNonFinite skip changes no bit of a run in which everything is finite", async () => {
    for (const settings of [FROZEN, { mode: "full", epochs: 2, rate: 0.01, batchNorm: "batch" } as const]) {
      const [plain, guarded] = [await train(settings), await train({ ...settings, onNonFinite: "skip" })];
      assert.deepEqual(
        eventsOf(guarded, "step").map((e) => e.loss),
        eventsOf(plain, "step").map((e) => e.loss),
      );
      assert.deepEqual(guarded.result.model, plain.result.model);
    }
  });

  it("a resumed run keeps the halved rate", async () => {
    const settings = { ...FROZEN, onNonFinite: "skip" } as const;
    const whole = await train({ ...settings, ...at(5) });
    const cut = await train({
      ...settings,
      ...at(5),
      run: "cut",
      abortAt: (e) => e.kind === "epoch" && e.epoch === 2,
    });
    const rest = await train({ ...settings, run: "cut", resume: true });
    assert.deepEqual(
      [...eventsOf(cut, "step"), ...eventsOf(rest, "step")].map((e) => e.rate),
      eventsOf(whole, "step").map((e) => e.rate),
    );
    assert.deepEqual(rest.result.model, whole.result.model);
  });

  it("a run that is never finite again ends after ten steps, and exports the last good weights", async () => {
    const always = watchedRuntime((options, number) => (number > 2 ? poisoned(options) : undefined));
    const told: string[] = [];
    const abortAt = (event: { kind: string; skipped?: boolean }): boolean => {
      told.push(event.kind === "nonfinite" ? `${event.kind} ${String(event.skipped)}` : event.kind);
      return false;
    };
    await assert.rejects(train({ ...FROZEN, epochs: 9, runtime: always, onNonFinite: "skip", abortAt }), {
      code: "E_NONFINITE_LOSS",
      message: /the loss is NaN at step 12/,
    });
    assert.equal(told.filter((kind) => kind === "nonfinite true").length, 9);
    assert.equal(told.filter((kind) => kind === "nonfinite false").length, 1);
    assert.ok(told.includes("rescued"));
  });
});
