import assert from "node:assert/strict";
import type { FineTuneSettings } from "../../toolkit/fine-tune/settings.ts";
import type { Runtime } from "../../toolkit/runtime/runtime.ts";
import { directRuntime } from "../support/run-graph.ts";
import type { CraftRun, Told } from "./craft-run.ts";
import { craftCase, eventsOf, notesOf } from "./craft-run.ts";

interface Clock {
  readonly now: () => number;
  readonly runtime: Runtime;
}

/** A clock that only goes on while something runs: for a step, and for anything else. */
function clock({ stepMs, otherMs }: { stepMs: (step: number) => number; otherMs: number }): Clock {
  let ms = 1000;
  let steps = 0;
  return {
    now: () => ms,
    runtime: {
      ...directRuntime,
      async load(model, options) {
        ms += otherMs;
        const session = await directRuntime.load(model, options);
        return {
          ...session,
          run(given) {
            const isStep = options?.state !== undefined && given.program === undefined;
            const made = isStep ? Number(given.feeds.get("step/steps")?.data[0] ?? 1) : 0;
            for (let i = 0; i < made; i++) ms += stepMs(steps++);
            if (!isStep) ms += otherMs;
            return session.run(given);
          },
        };
      },
    },
  };
}

describe("fine-tune, within a time limit", () => {
  const { train } = craftCase();
  const FULL = { mode: "full", rate: 0.01, batchNorm: "frozen", augment: false } as const;

  const timed = async (
    limitMs: number,
    settings: FineTuneSettings & CraftRun,
    times: { stepMs?: (step: number) => number; otherMs?: number } = {},
  ): Promise<{ told: Told; ms: number; rates: number[] }> => {
    const { now, runtime } = clock({ stepMs: () => 100, otherMs: 50, ...times });
    const start = now();
    const told = await train({ ...settings, timeLimitSeconds: limitMs / 1000, now, runtime });
    return { told, ms: now() - start, rates: eventsOf(told, "step").map((e) => e.rate) };
  };

  it("a run fills its time with epochs, ends within it, and its schedule comes to an end", async () => {
    const { told, ms, rates } = await timed(6000, FULL);
    assert.ok(ms <= 6000 && ms > 4000, `${ms} ms`);
    assert.ok(rates.length > 20 && rates.length < 60, `${rates.length} steps`);
    assert.ok((rates.at(-1) ?? 1) < 0.0005, `the last rate is ${rates.at(-1)}`);
    assert.equal(told.result.stages[0]?.ended, "time");
    assert.match(
      notesOf(told),
      /time limit: a step takes 0.10 s, so that there is room for \d+ steps \(\d+\.\d epochs\)/,
    );
    assert.match(notesOf(told), new RegExp(`time limit: ended after ${rates.length} of 60 steps`));
    assert.ok(told.result.model);
  });

  it("a run that is through before its time is as it would have been without a limit", async () => {
    const settings = { ...FULL, epochs: 3 };
    const { told } = await timed(60_000, settings);
    const plain = await train(settings);
    assert.deepEqual(told.result.model, plain.result.model);
    assert.equal(told.result.stages[0]?.ended, undefined);
    assert.match(notesOf(told), /time limit: all 9 steps fit/);
  });

  it("a run that becomes slower makes fewer steps, still in time and with a schedule that ends", async () => {
    const { told, ms, rates } = await timed(9000, FULL, { stepMs: (step) => (step < 15 ? 100 : 300) });
    assert.ok(ms <= 9000 && ms > 6500, `${ms} ms`);
    assert.ok((rates.at(-1) ?? 1) < 0.001, `the last rate is ${rates.at(-1)}`);
    assert.match(notesOf(told), /it runs slower than planned, which leaves room for \d+ steps/);
  });

  it("the head of staged leaves most of the time to the network", async () => {
    const settings = { ...FULL, mode: "staged", headEpochs: 500 } as const;
    const { told, ms } = await timed(12_000, settings);
    assert.ok(ms <= 12_000 && ms > 8000, `${ms} ms`);
    const steps = (stage: string): number => eventsOf(told, "step").filter((e) => e.stage === stage).length;
    assert.ok(steps("head") < 30 && steps("network") > 30, `${steps("head")} and ${steps("network")} steps`);
  });

  it("a head on features ends in time too", async () => {
    const { ms, rates } = await timed(6000, { mode: "frozen", rate: 0.01 });
    assert.ok(ms <= 6000 && rates.length > 20, `${ms} ms, ${rates.length} steps`);
    assert.ok((rates.at(-1) ?? 1) < 0.0005);
  });

  it("a run without time makes one update and is exported", async () => {
    const { told, rates } = await timed(10, { ...FULL, accumulate: 2 });
    assert.equal(rates.length, 2);
    assert.ok(told.result.model);
    const staged = await timed(10, { ...FULL, mode: "staged" });
    assert.match(notesOf(staged.told), /no time is left for the stage network/);
    assert.ok(staged.told.result.model);
  });

  it("a resumed run has the time that was left", async () => {
    const { ms } = await timed(6000, { ...FULL, run: "cut", abortAt: (e) => e.kind === "epoch" && e.epoch === 3 });
    const rest = await timed(6000, { ...FULL, run: "cut", resume: true });
    assert.equal(rest.told.result.status, "done");
    assert.ok(ms + rest.ms <= 6200 && ms + rest.ms > 4000, `${ms} and ${rest.ms} ms`);
    assert.ok((rest.rates.at(-1) ?? 1) < 0.0005);
  });

  it("without a clock there is no limit to keep to", async () => {
    await assert.rejects(train({ ...FULL, timeLimitSeconds: 5 }), { code: "E_SETTING", message: /there is no clock/ });
  });
});
