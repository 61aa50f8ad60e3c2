import assert from "node:assert/strict";
import { trainingCurves } from "../../recipes/demo/curves.ts";
import type { FineTuneEvent } from "../../toolkit/node.ts";

const zero = { epoch: 0, position: 0, lossSum: 0, metrics: [] };

function step(n: number, count: number, correct: number, samples: number, loss: number): FineTuneEvent {
  const progress = { ...zero, step: n, correct, samples };
  return {
    kind: "step",
    stage: "network",
    epoch: 0,
    step: n,
    steps: 9,
    loss,
    rate: 0.1,
    count,
    meanLoss: 0,
    meanAccuracy: 0,
    progress,
  };
}

function epoch(stage: "head" | "network", n: number, top1: number): FineTuneEvent {
  const arrays = { probabilities: new Float32Array(0), labels: new Int32Array(0), indices: new Int32Array(0) };
  const evaluation = { count: 10, loss: 1 - top1, top1, top5Error: 0, classes: 2, ...arrays };
  return {
    kind: "epoch",
    stage,
    epoch: n,
    epochs: 2,
    trainLoss: 1,
    trainAccuracy: 0.25,
    rate: 0.1,
    evaluation,
    best: true,
    progress: { ...zero, step: 0, correct: 0, samples: 0 },
  };
}

describe("recipes/demo/curves", () => {
  it("trainingCurves() has a point for each 320 photos, with their own accuracy and loss, across epochs", () => {
    const curves = trainingCurves();
    curves.add(epoch("head", 1, 0.5));
    curves.add(step(1, 160, 80, 160, 3));
    curves.add(step(2, 160, 240, 320, 1));
    // the next epoch counts anew
    curves.add(step(3, 160, 40, 160, 1));
    curves.add(step(4, 160, 80, 320, 1));
    curves.add(epoch("network", 1, 0.75));
    const [head, accuracy, loss] = curves.charts();
    assert.deepEqual(
      head?.series.map((s) => s.points),
      [[[1, 0.25]], [[1, 0.5]]],
    );
    assert.deepEqual(
      accuracy?.series.map((s) => s.points),
      [
        [
          [2, 0.75],
          [4, 0.25],
        ],
        [
          [0, 0.5],
          [4, 0.75],
        ],
      ],
    );
    assert.deepEqual(
      loss?.series.map((s) => s.points),
      [
        [
          [2, 2],
          [4, 1],
        ],
        [
          [0, 0.5],
          [4, 0.25],
        ],
      ],
    );
  });
});
