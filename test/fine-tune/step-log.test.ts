import assert from "node:assert/strict";
import { checked } from "../../toolkit/fine-tune/diagnosis.ts";
import type { FineTuneEvent, StageName } from "../../toolkit/fine-tune/events.ts";
import { recordKey, stepLog } from "../../toolkit/fine-tune/step-log.ts";
import type { LoggedRecord, StepLog } from "../../toolkit/fine-tune/step-log.ts";
import type { Progress } from "../../toolkit/train/train.ts";

const START: Progress = { epoch: 0, position: 0, step: 0, lossSum: 0, correct: 0, samples: 0, metrics: [] };

function begin(stage: StageName): FineTuneEvent {
  return { kind: "stage", stage, index: 0, count: 2, epochs: 1, steps: 20 };
}

/** A step with the gradients 3 g and 4 g of weights 0 and 2, of which the second moves by 0.002. */
function step(stage: StageName, number: number, g?: number): FineTuneEvent {
  const event = { kind: "step", stage, epoch: 0, step: number, steps: 20, loss: number, rate: 0.1, count: 1 } as const;
  const norms = [
    { parameter: "bias", gradient: 3 * (g ?? 0), weight: 0, update: 0 },
    { parameter: "w", gradient: 4 * (g ?? 0), weight: 2, update: 0.002 },
  ];
  return { ...event, meanLoss: 1, meanAccuracy: 1, progress: START, ...(g === undefined ? {} : { norms }) };
}

function told(events: readonly FineTuneEvent[], earlier: readonly LoggedRecord[] = []): [StepLog, LoggedRecord[]] {
  const log = stepLog(earlier);
  return [log, events.flatMap((event) => log.add(event) ?? [])];
}

describe("fine-tune/step-log", () => {
  it("stepLog() keeps the steps at which norms were taken, counted over the stages, and what they come to together", () => {
    const [log, records] = told([
      begin("head"),
      step("head", 1, 1),
      step("head", 2),
      begin("network"),
      step("network", 1, 10),
    ]);
    assert.deepEqual(
      records.map((record) => record.kind === "step" && [record.stage, record.stageStep, record.step]),
      [
        ["head", 1, 1],
        ["network", 1, 3],
      ],
    );
    assert.deepEqual(log.report().norms, [
      { step: 1, mode: "head", gradient: 5, weight: 2, updateShare: 0.001 },
      { step: 3, mode: "network", gradient: 50, weight: 2, updateShare: 0.001 },
    ]);
  });

  it("stepLog() says of each parameter how it began and ended in a stage", () => {
    const [log] = told([begin("head"), step("head", 1, 1), step("head", 10, 0.5), step("head", 20, 0.25)]);
    assert.deepEqual(log.report().layers, [
      // zeros have no share
      { mode: "head", parameter: "bias", gradient: [3, 0.75], weight: [0, 0], updateShare: null },
      { mode: "head", parameter: "w", gradient: [4, 1], weight: [2, 2], updateShare: 0.001 },
    ]);
  });

  it("stepLog() goes on from what an interrupted run had logged, and replaces a step that is made again", () => {
    const before = [begin("head"), step("head", 1, 1), step("head", 8, 1), begin("network"), step("network", 1, 2)];
    const [, earlier] = told([...before, step("network", 10, 3), step("network", 20, 4)]);
    const [log, records] = told([begin("network"), step("network", 20, 5), step("network", 30, 6)], earlier);
    assert.deepEqual(
      records.map((record) => record.kind === "step" && record.step),
      [28, 38],
    );
    assert.deepEqual(
      log.report().norms?.map((norm) => [norm.step, norm.gradient]),
      [
        [1, 5],
        [8, 5],
        [9, 10],
        [18, 15],
        [28, 25],
        [38, 30],
      ],
    );
  });

  it("stepLog() keeps checks with the stage they were made in, and the last of each", () => {
    const events = [
      checked("inputs", "ok", "fine", { mean: [0] }),
      begin("head"),
      checked("first step", "warning", "far", { hint: "lower" }),
      checked("first step", "ok", "near"),
      begin("network"),
      checked("first step", "ok", "near"),
      checked("baseline", "ok", "better"),
    ];
    const [log, records] = told(events);
    assert.equal(new Set(records.map(recordKey)).size, 4);
    assert.deepEqual(
      log.report().checks?.map(({ name, stage, status }) => [name, stage, status]),
      [
        ["inputs", undefined, "ok"],
        ["first step", "head", "ok"],
        ["first step", "network", "ok"],
        ["baseline", undefined, "ok"],
      ],
    );
  });
});
