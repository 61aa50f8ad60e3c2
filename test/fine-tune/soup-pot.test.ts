import assert from "node:assert/strict";
import { openSoupPot } from "../../toolkit/fine-tune/soup-pot.ts";
import type { Best } from "../../toolkit/fine-tune/stage.ts";
import { float32 } from "../../toolkit/graph/tensor.ts";
import type { Tensors } from "../../toolkit/runtime/runtime.ts";
import type { Evaluation } from "../../toolkit/train/evaluate.ts";
import { score } from "../../toolkit/train/evaluate.ts";
import { craftCase, eventsOf, notesOf } from "./craft-run.ts";

/** Four samples, `right` of which are known; the less sure, the higher the loss. */
function evaluation(right: number, sure = 1): Evaluation {
  const rows = [0, 1, 2, 3].map((i) => Float32Array.of(i < right ? sure : -sure, 0));
  return score(rows, [0, 0, 0, 0], [0, 1, 2, 3], 2);
}

const epoch = (number: number, right: number, x: number): Best => ({
  weights: new Map([["w", float32([1], [x])]]),
  evaluation: evaluation(right),
  epoch: number,
});

describe("fine-tune/soup-pot", () => {
  const cook = async (
    epochs: readonly Best[],
    size: number,
    evaluate: (x: number) => Evaluation,
  ): Promise<{ best: Best; text: string; tried: number[] }> => {
    const pot = await openSoupPot({ stage: "head", size, epochs: 0 });
    for (const one of epochs) await pot.add(one);
    const best = epochs.reduce((a, b) => (b.evaluation.top1 > a.evaluation.top1 ? b : a));
    const tried: number[] = [];
    const run = pot.cook(best, (weights: Tensors) => {
      const x = Number(weights.get("w")?.data[0]);
      tried.push(x);
      return Promise.resolve(evaluate(x));
    });
    let text = "";
    let item = await run.next();
    for (; !item.done; item = await run.next()) if (item.value.kind === "note") text = item.value.text;
    return { best: item.value, text, tried };
  };

  it("openSoupPot() keeps the best epochs, and makes their mean where that is better", async () => {
    const epochs = [epoch(1, 1, 100), epoch(2, 3, 2), epoch(3, 0, 50), epoch(4, 2, 4)];
    const { best, text, tried } = await cook(epochs, 2, (x) => evaluation(x === 3 ? 4 : 0));
    assert.deepEqual(tried, [3]);
    assert.deepEqual([best.weights.get("w")?.data[0], best.evaluation.top1, best.epoch], [3, 1, 2]);
    assert.match(text, /^soup: the mean of epochs 2, 4 scores top-1 100.0 %, .* 75.0 %, .*; the mean is kept$/);
  });

  it("openSoupPot() keeps the best epoch where no mean is better, and says so", async () => {
    const epochs = [epoch(1, 3, 2), epoch(2, 2, 4)];
    const worse = await cook(epochs, 3, () => evaluation(1));
    assert.equal(worse.best, epochs[0]);
    assert.match(worse.text, /no mean with the best epoch, 1, is as good; the best epoch is kept/);
    const equal = await cook(epochs, 3, () => evaluation(3));
    assert.equal(equal.best, epochs[0]);
    assert.match(equal.text, /the mean of epochs 1, 2 .*; the best epoch is kept/);
  });

  const { train } = craftCase();
  const SETTINGS = { mode: "full", epochs: 5, rate: 0.02, batchNorm: "batch", keep: "soup", soupSize: 3 } as const;

  it("a run tries the mean of its best epochs with their statistics, and exports what scores best", async () => {
    const told = await train(SETTINGS);
    const { keep: _keep, soupSize: _size, ...plain } = SETTINGS;
    const best = await train({ ...plain, keep: "best" });
    assert.deepEqual(
      eventsOf(told, "step").map((e) => e.loss),
      eventsOf(best, "step").map((e) => e.loss),
      "training itself is the same",
    );
    assert.match(notesOf(told), /soup: .*; the (mean|best epoch) is kept/);
    const [soup, alone] = [told.result.evaluation, best.result.evaluation];
    assert.ok(soup && alone && (soup.top1 > alone.top1 || (soup.top1 === alone.top1 && soup.loss <= alone.loss)));
    assert.equal(/the mean is kept/.test(notesOf(told)), soup.loss !== alone.loss);
    assert.ok(told.result.parity && told.result.parity.largestDifference < 1e-4, "the export is what was scored");
  });

  it("a resumed run makes the same of its epochs, also with averaged weights", async () => {
    const settings = { ...SETTINGS, averageDecay: 0.5 };
    const whole = await train({ ...settings, run: "whole" });
    const cut = await train({ ...settings, run: "cut", abortAt: (e) => e.kind === "epoch" && e.epoch === 3 });
    assert.equal(cut.result.status, "stopped");
    const rest = await train({ ...settings, run: "cut", resume: true });
    assert.deepEqual(rest.result.model, whole.result.model);
    assert.equal(notesOf(rest).match(/soup: .*/)?.[0], notesOf(whole).match(/soup: .*/)?.[0]);
  });
});
