import assert from "node:assert/strict";
import type { Told } from "./craft-run.ts";
import { craftCase, eventsOf, notesOf } from "./craft-run.ts";

const epochsOf = (told: Told): readonly number[] => eventsOf(told, "epoch").map((e) => e.epoch);

describe("fine-tune/stage-end", () => {
  const { train } = craftCase();
  const FROZEN = { mode: "frozen", epochs: 12, rate: 0.01 } as const;

  it("a stage ends after as many epochs without an improvement as patience has, and says so", async () => {
    // nothing improves at a rate of 0
    const told = await train({ ...FROZEN, rate: 0, patience: 3, stopMetric: "top1" });
    assert.deepEqual(epochsOf(told), [1, 2, 3, 4]);
    assert.match(
      notesOf(told),
      /ended after epoch 4: top1 has not improved for 3 epochs, and was best at epoch 1: 0\.\d/,
    );
    assert.equal(told.result.stages[0]?.ended, "patience");
    assert.ok(told.result.model, "what there is is exported");
  });

  it("a stage that improves goes on to its last epoch", async () => {
    const told = await train({ ...FROZEN, patience: 2 });
    assert.equal(epochsOf(told).length, 12);
    assert.equal(told.result.stages[0]?.ended, undefined);
    assert.doesNotMatch(notesOf(told), /ended/);
  });

  it("an improvement that is smaller than asked for is none", async () => {
    const told = await train({ ...FROZEN, patience: 2, leastImprovement: 5 });
    assert.deepEqual(epochsOf(told), [1, 2, 3]);
  });

  it("each stage has a patience of its own", async () => {
    const told = await train({ mode: "staged", headEpochs: 9, epochs: 9, headRate: 0, rate: 0, patience: 1 });
    const stages = eventsOf(told, "epoch").map((e) => `${e.stage} ${e.epoch}`);
    assert.deepEqual(stages, ["head 1", "head 2", "network 1", "network 2"]);
    assert.deepEqual(
      told.result.stages.map((s) => s.ended),
      ["patience", "patience"],
    );
  });

  it("a resumed run keeps its count, and ends at once where it had no patience left", async () => {
    const settings = { ...FROZEN, rate: 0, patience: 4 } as const;
    const cut = await train({ ...settings, run: "cut", abortAt: (e) => e.kind === "epoch" && e.epoch === 3 });
    assert.deepEqual([cut.result.status, epochsOf(cut)], ["stopped", [1, 2, 3]]);
    const rest = await train({ ...settings, run: "cut", resume: true });
    assert.deepEqual(epochsOf(rest), [4, 5]);
    assert.match(notesOf(rest), /ended after epoch 5: loss has not improved for 4 epochs/);
    // the last checkpoint is that of its last epoch
    const again = await train({ ...settings, run: "cut", resume: true });
    assert.deepEqual(epochsOf(again), []);
    assert.deepEqual(again.result.stages[0]?.ended, "patience");
    assert.deepEqual(again.result.model, rest.result.model);
  });
});
