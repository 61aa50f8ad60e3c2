import assert from "node:assert/strict";
import { beatsBaseline, labelBaseline } from "../../../toolkit/fine-tune/probes/label-baseline.ts";
import { probeResult } from "../../../toolkit/fine-tune/probes/probe-result.ts";
import type { Dataset } from "../../../toolkit/data/dataset.ts";
import type { FineTuneEvent } from "../../../toolkit/fine-tune/events.ts";
import { score } from "../../../toolkit/train/evaluate.ts";

const labels = [0, 1, 1, 1, 2];

describe("fine-tune/probes/label-baseline", () => {
  it("labelBaseline() says the most frequent class of training, and its frequencies as probabilities", () => {
    const found = labelBaseline(labels, [1, 1, 0, 2], 3);
    assert.deepEqual([found.label, found.accuracy], [1, 0.5]);
    // counted once more: 2, 4, 2 of 8
    const expected = -(Math.log(0.5) * 2 + Math.log(0.25) * 2) / 4;
    assert.ok(Math.abs(found.loss - expected) < 1e-12);
  });

  it("beatsBaseline() wants more right answers or a lower loss", () => {
    const baseline = { label: 1, accuracy: 0.5, loss: 1 };
    assert.ok(beatsBaseline({ top1: 0.6, loss: 2 }, baseline));
    assert.ok(beatsBaseline({ top1: 0.5, loss: 0.5 }, baseline));
    assert.ok(!beatsBaseline({ top1: 0.5, loss: 1 }, baseline));
    assert.ok(!beatsBaseline({ top1: 0.1, loss: 0.99 }, baseline));
  });

  it("probeResult() warns where nothing was learnt from the pictures, and is silent otherwise", () => {
    const train = labels.map((label, i) => ({ path: `${i}`, id: `${i}`, label }));
    const dataset = { classes: ["ants", "bees", "wasps"], train, validation: [], bad: [] } as unknown as Dataset;
    const told = (logits: readonly (readonly number[])[], own: readonly number[]): readonly FineTuneEvent[] => {
      const rows = logits.map((row) => Float32Array.from(row));
      return [...probeResult(score(rows, own, [], 3), dataset)];
    };
    const notes = (...given: Parameters<typeof told>): readonly string[] =>
      told(...given).flatMap((event) => (event.kind === "note" ? [event.text] : []));
    const status = (...given: Parameters<typeof told>): readonly string[] =>
      told(...given).flatMap((event) => (event.kind === "check" ? [`${event.name}: ${event.status}`] : []));
    const always = [0, 1, 0];
    assert.match(
      notes([always, always, always], [1, 1, 2])[0] ?? "",
      /^warning: nothing was learnt from the pictures: top-1 is 66\.7 %, and always saying "bees" is right for 66\.7 %/,
    );
    const knowing = (label: number): readonly number[] => [0, 1, 2].map((k) => (k === label ? 4 : 0));
    assert.deepEqual(notes([knowing(1), knowing(0), knowing(2)], [1, 0, 2]), []);
    assert.deepEqual(notes([], []), []);
    assert.deepEqual(status([always, always, always], [1, 1, 2]), ["baseline: failed"]);
    assert.deepEqual(status([knowing(1), knowing(0), knowing(2)], [1, 0, 2]), ["baseline: ok"]);
  });
});
