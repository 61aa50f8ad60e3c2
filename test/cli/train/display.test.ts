import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { createOutput } from "../../../cli/output.ts";
import { trainingDisplay } from "../../../cli/train/display.ts";
import type { FineTuneEvent } from "../../../toolkit/node.ts";

function epoch(number: number, waitShare?: number, stage: "head" | "network" = "network"): FineTuneEvent {
  return {
    kind: "epoch",
    stage,
    epoch: number,
    epochs: 3,
    trainLoss: 0.5,
    trainAccuracy: 0.875,
    rate: 0.1,
    evaluation: undefined,
    progress: { epoch: number, position: 0, step: 4, lossSum: 0, correct: 0, samples: 0, metrics: [] },
    best: false,
    ...(waitShare === undefined ? {} : { waitShare }),
  };
}

/** What is shown of these events. */
function shown(
  json: boolean,
  ...events: readonly FineTuneEvent[]
): { readonly stdout: string; readonly stderr: string } {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const out = createOutput({ json, stdout, stderr, isTTY: false, columns: 80, color: false });
  const display = trainingDisplay(out, () => 0);
  for (const event of events) display.show(event);
  return { stdout: String(stdout.read() ?? ""), stderr: String(stderr.read() ?? "") };
}

describe("cli/train/display", () => {
  it("trainingDisplay() shows which share of an epoch was spent waiting for data, in lines of a terminal's width", () => {
    const stage: FineTuneEvent = { kind: "stage", stage: "network", index: 0, count: 1, epochs: 3, steps: 12 };
    const { stdout, stderr } = shown(false, stage, epoch(1, 0.0234), epoch(2));
    const [head = "", first = "", second = ""] = stdout.split("\n");
    assert.match(head, / wait$/);
    assert.match(first, / 2 %$/);
    assert.match(second, / -$/);
    assert.ok([head, first, second].every((line) => line.length === head.length && line.length <= 74));
    assert.equal(stderr, "");
  });

  it("trainingDisplay() writes the share as JSON", () => {
    const lines = shown(true, epoch(1, 0.25), epoch(2)).stdout.trim().split("\n");
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { waitShare: unknown }).waitShare),
      [0.25, null],
    );
  });

  it("trainingDisplay() warns once of a share above 20 %, and not of the head's", () => {
    assert.equal(shown(false, epoch(1, 0.2)).stderr, "");
    assert.equal(shown(false, epoch(1, 0.9, "head")).stderr, "");
    const { stderr } = shown(false, epoch(1, 0.345), epoch(2, 0.5));
    assert.match(stderr, /^warning: training waited 34\.5 % of the time for data: .*--decoders.*\n$/);
  });

  it("trainingDisplay() warns of a step that was not finite, with its photos", () => {
    const event: FineTuneEvent = {
      kind: "nonfinite",
      stage: "head",
      epoch: 0,
      step: 7,
      loss: Number.NaN,
      rate: 0.1,
      indices: [0, 1, 2, 3, 4],
      skipped: true,
      files: ["a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg"],
      progress: { epoch: 0, position: 5, step: 7, lossSum: 0, correct: 0, samples: 0, metrics: [] },
    };
    const { stderr } = shown(false, event);
    assert.equal(
      stderr,
      "warning: the loss is NaN at step 7 of the head, on a.jpg, b.jpg, c.jpg, d.jpg and 1 more; the step was left out, and the rate is halved\n",
    );
    const gradient = { ...event, loss: 0.5, skipped: false, files: ["a.jpg"] };
    assert.match(shown(false, gradient).stderr, /: a gradient is no finite number at step 7 of the head, on a\.jpg\n$/);
  });
});
