import assert from "node:assert/strict";
import { labelTargets, targetRows } from "../../toolkit/data/targets.ts";

describe("data/targets", () => {
  const sample = { path: "a.jpg", id: "a.jpg" };

  it("labelTargets() has a 1 for each class of a sample", () => {
    const { width, of } = labelTargets(3);
    assert.equal(width, 3);
    assert.deepEqual(of({ ...sample, label: 0, labels: [0, 2] }), [1, 0, 1]);
    assert.deepEqual(of({ ...sample, label: 1 }), [0, 1, 0]);
    assert.deepEqual(of({ ...sample, label: -1, labels: [] }), [0, 0, 0]);
    assert.deepEqual(of({ ...sample, label: -1 }), [0, 0, 0]);
  });

  it("targetRows() lays rows one behind the other, zeros where there is no sample", () => {
    const rows = targetRows([{ ...sample, label: 1 }, undefined, { ...sample, label: 0 }], labelTargets(2));
    assert.deepEqual(rows, Float32Array.of(0, 1, 0, 0, 1, 0));
  });
});
