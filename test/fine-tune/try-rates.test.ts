import assert from "node:assert/strict";
import { fineTune } from "../../toolkit/fine-tune/fine-tune.ts";
import { upToRate } from "../../toolkit/fine-tune/up-to-rate.ts";
import { cosine } from "../../toolkit/schedules/cosine.ts";
import type { Told } from "./craft-run.ts";
import { craftCase, eventsOf, notesOf } from "./craft-run.ts";

const ratesOf = (told: Told, stage: string): readonly number[] =>
  eventsOf(told, "step").flatMap((e) => (e.stage === stage ? [e.rate] : []));

describe("fine-tune/try-rates", () => {
  const { train, options } = craftCase();
  const FROZEN = { mode: "frozen", epochs: 6 } as const;

  it("rate auto finds the rate of the head on its features, trains with it, and says which", async () => {
    const told = await train({ ...FROZEN, rate: "auto" });
    const [found] = eventsOf(told, "rate");
    assert.ok(found && found.rate > 1e-4 && found.rate < 1, `rate ${found?.rate}`);
    assert.match(notesOf(told), new RegExp(`training the head with rate ${found.rate}: a tenth of `));
    const schedule = cosine(found.rate);
    assert.deepEqual(
      ratesOf(told, "head"),
      Array.from({ length: 18 }, (_, step) => schedule({ step, steps: 18, metrics: [] })),
    );
    assert.ok((told.result.evaluation?.top1 ?? 0) >= 0.75, `accuracy ${told.result.evaluation?.top1}`);
  });

  it("the test leaves no trace: training goes as it would with the same rate given", async () => {
    for (const settings of [FROZEN, { mode: "full", epochs: 2, batchNorm: "batch", averageDecay: 0.9 } as const]) {
      const told = await train({ ...settings, rate: "auto" });
      const given = await train({ ...settings, rate: eventsOf(told, "rate")[0]?.rate ?? 0 });
      assert.deepEqual(
        eventsOf(told, "step").map((e) => e.loss),
        eventsOf(given, "step").map((e) => e.loss),
      );
      assert.deepEqual(told.result.evaluation, given.result.evaluation);
    }
  });

  it("both stages of staged may have their rates found", async () => {
    const told = await train({ mode: "staged", headEpochs: 4, epochs: 1, rate: "auto", headRate: "auto" });
    const found = eventsOf(told, "rate");
    assert.deepEqual(
      found.map((e) => e.stage),
      ["head", "network"],
    );
    assert.equal(ratesOf(told, "head")[0], found[0]?.rate);
    assert.equal(ratesOf(told, "network")[0], found[1]?.rate);
  });

  it("a resumed run goes on with the rate that was found, without a test", async () => {
    const settings = { ...FROZEN, rate: "auto" } as const;
    const whole = await train({ ...settings, run: "whole" });
    const cut = await train({ ...settings, run: "cut", abortAt: (e) => e.kind === "epoch" && e.epoch === 2 });
    const rest = await train({ ...settings, run: "cut", resume: true });
    assert.equal(eventsOf(rest, "rate").length, 0);
    assert.deepEqual([...ratesOf(cut, "head"), ...ratesOf(rest, "head")], ratesOf(whole, "head"));
    assert.deepEqual(rest.result.model, whole.result.model);
  });

  it("upToRate() ends a run once its rate is found: nothing is trained", async () => {
    const given = await options({ mode: "frozen", rate: "auto" });
    const run = upToRate((signal) => fineTune({ ...given, signal }), given);
    const kinds = new Set<string>();
    let item = await run.next();
    for (; !item.done; item = await run.next()) kinds.add(item.value.kind);
    assert.equal(item.value.stage, "head");
    assert.ok(item.value.test.points.length > 20 && item.value.test.suggestion);
    assert.ok(kinds.has("rate-test") && !kinds.has("step") && !kinds.has("epoch"));
  });

  it("upToRate() is stopped by the signal it is given", async () => {
    const stop = new AbortController();
    const given = await options({ mode: "frozen", rate: "auto" });
    const run = upToRate((signal) => fineTune({ ...given, signal }), { ...given, signal: stop.signal });
    await assert.rejects(
      async () => {
        for await (const event of run) if (event.kind === "rate-test" && event.done === 5) stop.abort();
      },
      { code: "E_STOPPED" },
    );
  });
});
