import assert from "node:assert/strict";
import type { FineTuneEvent, FineTuneResult, StageName } from "../../toolkit/fine-tune/events.ts";
import { runLog } from "../../toolkit/fine-tune/run-log.ts";
import type { LoggedEpoch } from "../../toolkit/fine-tune/run-log.ts";
import type { Progress } from "../../toolkit/train/train.ts";

const START: Progress = { epoch: 0, position: 0, step: 0, lossSum: 0, correct: 0, samples: 0, metrics: [] };
const stage = (name: StageName): FineTuneEvent => ({
  kind: "stage",
  stage: name,
  index: 0,
  count: 1,
  epochs: 2,
  steps: 4,
});
const step = (n: number): FineTuneEvent => ({
  kind: "step",
  stage: "network",
  epoch: 0,
  step: n,
  steps: 4,
  loss: 1,
  rate: 0.1,
  count: 16,
  meanLoss: 1,
  meanAccuracy: 0.5,
  progress: START,
});
const epoch = (n: number): FineTuneEvent => ({
  kind: "epoch",
  stage: "network",
  epoch: n,
  epochs: 2,
  trainLoss: 1,
  trainAccuracy: 0.5,
  rate: 0.1,
  evaluation: undefined,
  progress: START,
  best: false,
});
const logged = (n: number, trainLoss: number): LoggedEpoch => ({
  stage: "network",
  epoch: n,
  trainLoss,
  trainAccuracy: 0,
  loss: null,
  accuracy: null,
  rate: 0.1,
  imagesPerSecond: 1,
  seconds: 1,
});

const result: FineTuneResult = {
  status: "done",
  classes: ["a", "b"],
  stages: [],
  evaluation: undefined,
  model: undefined,
  parity: undefined,
  bad: [],
};
const about = {
  title: "t",
  model: "m",
  trainImages: 1,
  validationImages: 1,
  settings: {},
  versions: {},
  finishedAt: "",
};

describe("fine-tune/run-log", () => {
  it("runLog() leaves a stage's first step, which waits for the graphs, out of the speed", () => {
    let ms = 0;
    const log = runLog(() => ms);
    log.add(stage("network"));
    for (const [n, at] of [
      [1, 60_000],
      [2, 61_000],
      [3, 62_000],
    ] as const) {
      ms = at;
      log.add(step(n));
    }
    assert.equal(log.add(epoch(1))?.imagesPerSecond, 16);
  });

  it("runLog() takes over the share of the time that was spent waiting for photos, where it was measured", () => {
    const log = runLog(() => 0);
    const event = epoch(1);
    assert.equal(log.add(event)?.waitShare, null);
    assert.equal(
      log.add({ ...(event as Extract<FineTuneEvent, { kind: "epoch" }>), waitShare: 0.25 })?.waitShare,
      0.25,
    );
  });

  it("runLog() goes on from the epochs that an interrupted run logged, and replaces one that is run again", () => {
    const log = runLog(() => 0, [logged(1, 5), logged(2, 4)]);
    log.add(stage("network"));
    log.add(epoch(2));
    log.add(epoch(3));
    const { stages } = log.report(result, about);
    assert.deepEqual(
      stages.map((s) => [s.mode, s.epochs.map((e) => [e.epoch, e.trainLoss])]),
      [
        [
          "network",
          [
            [1, 5],
            [2, 1],
            [3, 1],
          ],
        ],
      ],
    );
  });
});
