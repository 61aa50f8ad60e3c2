import assert from "node:assert/strict";
import { float32 } from "../../toolkit/graph/tensor.ts";
import type { TrainBatch } from "../../toolkit/train/batch.ts";
import { openPace } from "../../toolkit/train/pace.ts";
import type { Pace } from "../../toolkit/train/pace.ts";

/** A batch of so many bytes. */
function batchOf(bytes: number): TrainBatch {
  const data = new Float32Array(bytes / 4);
  const labels = Int32Array.of(0);
  const inputs = new Map([["x", float32([data.length], data)]]);
  return { inputs, labels, weight: Float32Array.of(1), count: 1, indices: labels, position: 1 };
}

/** A pace whose first runs are over, and whose steps have taken so long. */
function warm(stepMs: number, boundary?: number): Pace {
  const pace = openPace(boundary);
  for (let i = 0; i < 2; i++) pace.ran(1, stepMs);
  return pace;
}

describe("train/pace", () => {
  const small = batchOf(4);

  it("openPace() makes the first two runs of one step, however quick they are", () => {
    const pace = openPace();
    assert.equal(pace.steps(0, small), 1);
    pace.ran(1, 0.01);
    assert.equal(pace.steps(1, small), 1);
    pace.ran(1, 0.01);
    assert.ok(pace.steps(2, small) > 1);
  });

  it("openPace() lets a run take two seconds, and measures each one anew", () => {
    const pace = warm(100);
    assert.equal(pace.steps(2, small), 20);
    pace.ran(20, 10_000);
    assert.equal(pace.steps(22, small), 4);
    pace.ran(4, 200);
    assert.equal(pace.steps(26, small), 40);
  });

  it("openPace() makes a step a run where a step takes longer than that", () => {
    assert.equal(warm(2001).steps(2, small), 1);
    assert.equal(warm(60_000).steps(2, small), 1);
  });

  it("openPace() makes 64 steps at the most", () => {
    assert.equal(warm(1).steps(2, small), 64);
    assert.equal(warm(0).steps(2, small), 64, "less than the clock can tell");
  });

  it("openPace() keeps the batches of a run below 64 MB, and takes one that is larger", () => {
    assert.equal(warm(1).steps(2, batchOf(9_600_000)), 6);
    assert.equal(warm(1).steps(2, batchOf(80_000_000)), 1);
  });

  it("openPace() ends a run at each multiple of the boundary", () => {
    const pace = warm(1, 10);
    assert.equal(pace.steps(2, small), 8);
    assert.equal(pace.steps(9, small), 1);
    assert.equal(pace.steps(10, small), 10);
    assert.equal(pace.steps(1003, small), 7);
    assert.equal(warm(500, 10).steps(2, small), 4);
  });
});
