import assert from "node:assert/strict";
import { measuredStage } from "../../toolkit/fine-tune/measured-stage.ts";
import type { Stage } from "../../toolkit/fine-tune/stage.ts";
import { scalar } from "../../toolkit/graph/tensor.ts";
import { softmaxCrossEntropy } from "../../toolkit/losses/softmax-cross-entropy.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { namedOptimizer } from "../../toolkit/optimizers/named-optimizer.ts";
import type { RunOptions } from "../../toolkit/runtime/runtime.ts";
import { MEASURE } from "../../toolkit/train/measure-step.ts";
import { buildStep } from "../../toolkit/train/step.ts";
import { smallClassifier, WEIGHTS } from "../support/small-classifier.ts";
import { craftCase, eventsOf, watchedRuntime } from "./craft-run.ts";

const none = async function* (): AsyncGenerator<never> {};

function stageOf(steps: number, more: Partial<Stage> = {}): Stage {
  const graph = smallClassifier();
  const optimizer = namedOptimizer("sgd");
  const settings = { parameters: WEIGHTS, logits: "logits", loss: softmaxCrossEntropy(), optimizer };
  return {
    name: "network",
    step: buildStep(graph, settings, operators),
    forward: graph,
    logits: "logits",
    operators,
    classes: 3,
    dims: new Map(),
    batches: none,
    validation: none,
    stepsPerEpoch: steps,
    epochs: 1,
    schedule: () => 0.1,
    ...more,
  };
}

/** The steps, counted from 1, at which norms are taken. */
function measuredAt(steps: number, accumulate: number): readonly number[] {
  const { extras } = measuredStage(stageOf(steps), accumulate);
  return Array.from({ length: steps }, (_, i) => i + 1).filter(
    (number) => extras?.(number - 1).get(MEASURE.wanted)?.data[0] === 1,
  );
}

describe("fine-tune/measured-stage", () => {
  it("measuredStage() takes norms at the first step and every tenth, at updates alone, and not too often in a long stage", () => {
    assert.deepEqual(measuredAt(35, 1), [1, 10, 20, 30]);
    assert.deepEqual(measuredAt(35, 4), [4, 12, 24]);
    const long = measuredAt(30_000, 1);
    assert.deepEqual([long.length, long[0], long[1], long.at(-1)], [301, 1, 100, 30_000]);
  });

  it("measuredStage() keeps the stage's own inputs", () => {
    const own = stageOf(10, { extras: (step) => new Map([["mask", scalar(step)]]) });
    const { extras, step } = measuredStage(own, 1);
    assert.deepEqual([...(extras?.(3).keys() ?? [])], ["mask", MEASURE.wanted]);
    assert.equal(extras?.(3).get("mask")?.data[0], 3);
    assert.equal(step.measured?.size, WEIGHTS.length);
  });

  describe("in a run", () => {
    const { train } = craftCase();

    it("fineTune() takes norms without changing a bit of what it trains, and shows what it has checked", async () => {
      const settings = { mode: "frozen", headEpochs: 8, rate: 0.01 } as const;
      const told = await train(settings);
      const never = watchedRuntime(({ feeds, ...given }): RunOptions => {
        const flags = feeds.get(MEASURE.wanted);
        assert.ok(flags);
        return {
          ...given,
          feeds: new Map([...feeds, [MEASURE.wanted, { ...flags, data: new Uint8Array(flags.data.length) }]]),
        };
      });
      const silent = await train({ ...settings, runtime: never });
      assert.deepEqual(told.result.model, silent.result.model);
      const steps = eventsOf(told, "step");
      const measured = steps.filter(({ norms }) => norms);
      assert.deepEqual(
        measured.map(({ step }) => step),
        steps.map(({ step }) => step).filter((step) => step === 1 || step % 10 === 0),
      );
      assert.ok(measured.every(({ norms }) => norms?.every(({ gradient, update }) => gradient > 0 && update > 0)));
      assert.ok(eventsOf(silent, "step").every(({ norms }) => norms === undefined));
      assert.deepEqual(
        eventsOf(told, "check").map(({ name, status }) => `${name}: ${status}`),
        ["inputs: ok", "loss at start: ok", "gradient norms: ok", "first step: ok", "baseline: ok"],
      );
      const { filters } = told.result;
      assert.deepEqual(filters?.after.shape, [8, 3, 7, 7]);
      // a frozen backbone
      assert.deepEqual(filters.after, filters.before);
    });
  });
});
