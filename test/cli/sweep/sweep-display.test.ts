import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { createOutput } from "../../../cli/output.ts";
import { sweepDisplay } from "../../../cli/sweep/sweep-display.ts";
import type { SweepEvent, TrialRecord } from "../../../toolkit/node.ts";
import { ranked } from "../../../toolkit/sweep/ranking.ts";
import { sweepPlan } from "../../../toolkit/sweep/sweep-plan.ts";

const plan = sweepPlan({
  space: { rate: { from: 1e-4, to: 0.1, scale: "log" } },
  method: "halving",
  trials: 9,
  settings: { epochs: 9 },
});

function ended(number: number, quality: number | undefined, best: number, isKnown = false): SweepEvent {
  const settings = { mode: "full" } as const;
  const trial: TrialRecord =
    quality === undefined
      ? { settings, seconds: 1, status: "failed", code: null, message: "Cannot go on" }
      : { settings, seconds: 1, status: "done", quality, metric: "accuracy", loss: 0.25, photos: 9, epoch: 2 };
  const score = {
    ...trial,
    status: "done",
    quality: best / 10,
    metric: "accuracy",
    loss: 1,
    photos: 9,
    epoch: 1,
  } as const;
  const [row] = ranked([{ number: best, point: {}, rung: 0, trials: [score] }]);
  return { kind: "ended", number, point: { rate: 0.01 }, rung: 0, trial, isKnown, done: number, best: row };
}

/** What is shown of these events. */
function shown(json: boolean, ...events: readonly SweepEvent[]): { readonly stdout: string; readonly stderr: string } {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const out = createOutput({ json, stdout, stderr, isTTY: false, columns: 80, color: false });
  const display = sweepDisplay(out, () => 0);
  for (const event of events) display.show(event);
  display.stop();
  return { stdout: String(stdout.read() ?? ""), stderr: String(stderr.read() ?? "") };
}

describe("cli/sweep/sweep-display", () => {
  it("sweepDisplay() says what is planned, rung by rung", () => {
    const { stderr } = shown(false, { kind: "plan", plan });
    assert.match(stderr, /^drawn at random: 9 points over rate 0\.0001\.\.0\.1 \(log\)\n/);
    assert.match(stderr, /13 trials: 9 for 1 epoch, the best 3 for 3 epochs, the best 1 for 9 epochs/);
  });

  it("sweepDisplay() prints a row for each trial, marks the best so far, and says why one failed", () => {
    const { stdout } = shown(false, { kind: "plan", plan }, ended(5, 0.5, 5), ended(6, 0.4, 5), ended(7, undefined, 5));
    const [head = "", best, other, failed] = stdout.split("\n");
    assert.match(head, /^trial {2}accuracy/);
    assert.match(best ?? "", /^ +5 +50\.0 % +0\.2500 +2 +1\.0 +rate=0\.01 {2}best$/);
    assert.match(other ?? "", /^ +6 +40\.0 % .* rate=0\.01$/);
    assert.match(failed ?? "", /^ +7 +failed +- +- +1\.0 +rate=0\.01: Cannot go on$/);
  });

  it("sweepDisplay() passes over trials that were known, but for the best; as JSON all of them are told", () => {
    const events = [{ kind: "plan", plan } as const, ended(5, 0.5, 5, true), ended(6, 0.4, 5, true)];
    assert.deepEqual(shown(false, ...events).stdout.match(/known/g)?.length, 1);
    const lines = shown(true, ...events)
      .stdout.trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      lines.map(({ number, known, best, quality }) => [number, known, best, quality]),
      [
        [5, true, true, 0.5],
        [6, true, false, 0.4],
      ],
    );
  });
});
