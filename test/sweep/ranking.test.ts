import assert from "node:assert/strict";
import { bestOf, closeToBest, ranked } from "../../toolkit/sweep/ranking.ts";
import type { Candidate } from "../../toolkit/sweep/ranking.ts";
import type { TrialRecord } from "../../toolkit/sweep/trial.ts";

const done = (quality: number, loss = 1, metric: "accuracy" | "R2" = "accuracy"): TrialRecord => ({
  settings: {},
  seconds: 2,
  status: "done",
  quality,
  metric,
  loss,
  photos: 100,
  epoch: 1,
});
const failed: TrialRecord = { settings: {}, seconds: 1, status: "failed", code: null, message: "no" };
const candidate = (number: number, trials: readonly TrialRecord[], rung = 0): Candidate => ({
  number,
  point: {},
  rung,
  trials,
});
const order = (...all: readonly Candidate[]): readonly number[] => ranked(all).map(({ number }) => number);

describe("sweep/ranking", () => {
  it("ranked() takes the mean over seeds with its sample deviation, and the sum of the time", () => {
    const [row] = ranked([candidate(1, [done(0.8), done(0.9), done(1)])]);
    assert.ok(Math.abs((row?.quality?.mean ?? 0) - 0.9) < 1e-12);
    assert.ok(Math.abs((row?.quality?.deviation ?? 0) - 0.1) < 1e-12);
    assert.deepEqual([row?.seconds, row?.failures], [6, 0]);
    assert.equal(ranked([candidate(1, [done(0.8)])])[0]?.quality?.deviation, null);
  });

  it("ranked() puts later rungs first, failures behind, then quality, then loss", () => {
    assert.deepEqual(order(candidate(1, [done(0.8)]), candidate(2, [done(0.9)]), candidate(3, [failed])), [2, 1, 3]);
    assert.deepEqual(order(candidate(1, [done(0.99)]), candidate(2, [done(0.9)], 1)), [2, 1]);
    assert.deepEqual(order(candidate(1, [done(0.99), failed]), candidate(2, [done(0.5), done(0.5)])), [2, 1]);
    assert.deepEqual(order(candidate(1, [done(0.9, 0.4)]), candidate(2, [done(0.9, 0.3)])), [2, 1]);
    assert.deepEqual(order(candidate(2, [done(0.9)]), candidate(1, [done(0.9)])), [1, 2]);
  });

  it("bestOf() is nothing where every trial failed", () => {
    assert.equal(bestOf(ranked([candidate(1, [failed])])), undefined);
    assert.equal(bestOf([]), undefined);
    assert.equal(bestOf(ranked([candidate(1, [failed]), candidate(2, [done(0)])]))?.number, 2);
    assert.equal(bestOf(ranked([candidate(1, [failed], 1), candidate(2, [done(0.4)])]))?.number, 2);
  });

  it("closeToBest() counts what the validation photos cannot tell apart: one standard error of the best accuracy", () => {
    // sqrt(0.9 * 0.1 / 100) = 0.03
    const rows = ranked([0.9, 0.875, 0.865, 0.5].map((quality, i) => candidate(i, [done(quality)])));
    assert.deepEqual(
      closeToBest(rows).map(({ number }) => number),
      [0, 1],
    );
    assert.deepEqual(closeToBest([]), []);
  });

  it("closeToBest() counts none but equals where quality is no share", () => {
    const rows = ranked([0.9, 0.9, 0.899].map((quality, i) => candidate(i, [done(quality, 1, "R2")])));
    assert.equal(closeToBest(rows).length, 2);
  });
});
