import assert from "node:assert/strict";
import type { OutputHead } from "../../toolkit/data/heads.ts";
import { qualityOf } from "../../toolkit/train/evaluate.ts";
import { scoreOutputs } from "../../toolkit/train/evaluate-heads.ts";
import { numberMetrics } from "../../toolkit/train/evaluate-numbers.ts";
import { qualityText } from "../../toolkit/train/quality-text.ts";

const numbers: OutputHead = {
  name: "numbers",
  task: "numbers",
  names: ["x"],
  start: 2,
  weight: 0.5,
  columns: [0],
  standard: [{ mean: 100, deviation: 10 }],
};
const kind: OutputHead = { name: "kind", task: "classes", names: ["a", "b"], start: 0, weight: 2, labelSet: 0 };

describe("train/evaluate-numbers", () => {
  const standard = [
    { mean: 0, deviation: 2 },
    { mean: 0, deviation: 1 },
  ];
  it("numberMetrics() measures each column in its own units, and leaves out what is not known", () => {
    const found = numberMetrics(
      Float32Array.from([1, 9, 2, 5, 6, 5]),
      Float32Array.from([2, Number.NaN, 4, 5, 6, 7]),
      ["x", "y"],
      standard,
    );
    const [x, y] = found.columns;
    assert.deepEqual([x?.count, x?.mae, x?.rmse], [3, 1, Math.sqrt(5 / 3)]);
    assert.equal(x?.r2, 1 - 5 / 8);
    assert.deepEqual([y?.count, y?.mae, y?.rmse, y?.r2], [2, 1, Math.sqrt(2), 1 - 4 / 2]);
    assert.deepEqual([found.mae, found.r2], [1, (1 - 5 / 8 - 1) / 2]);
    // squared errors over the variances that they were trained with
    assert.equal(found.loss, (5 / 4 + 4) / 5);
  });
  it("numberMetrics() has no R2 of numbers that are all the same", () => {
    const { r2, rmse } = numberMetrics(Float32Array.from([1, 3]), Float32Array.from([2, 2]), ["x"], standard);
    assert.deepEqual([r2, rmse], [null, 1]);
  });
});

describe("train/evaluate-heads", () => {
  const rows = [Float32Array.from([3, 0, 1]), Float32Array.from([2, 1, -1])];
  const targets = [Float32Array.from([1, 0, 1.5]), Float32Array.from([0, 1, -1])];

  it("scoreOutputs() of a single head of numbers is in their own units, without classes", () => {
    const own = { ...numbers, start: 0 };
    const found = scoreOutputs([Float32Array.from([1])], [Float32Array.from([3])], [7], [own]);
    assert.deepEqual([found.classes, found.count, [...found.indices]], [0, 1, [7]]);
    assert.deepEqual([[...(found.numbers?.predictions ?? [])], [...(found.numbers?.truths ?? [])]], [[110], [130]]);
    assert.equal(qualityOf(found), -4);
  });
  it("scoreOutputs() of several heads has each by itself, the labels of the first, and the weighted sum of the losses", () => {
    const found = scoreOutputs(rows, targets, [0, 1], [kind, numbers]);
    const [first, second] = found.heads ?? [];
    assert.deepEqual([found.classes, found.top1, first?.evaluation.top1], [2, 0.5, 0.5]);
    assert.equal(found.numbers?.rmse, Math.sqrt(25 / 2));
    assert.equal(found.loss, 2 * (first?.evaluation.loss ?? 0) + 0.5 * (second?.evaluation.loss ?? 0));
    const r2 = second?.evaluation.numbers?.r2 ?? 0;
    assert.ok(Math.abs(r2 - (1 - 25 / 312.5)) < 1e-6, `${r2}`);
    assert.equal(qualityOf(found), (0.5 + r2) / 2);
    assert.equal(qualityText(found), `kind top-1 50.0 %, numbers R2 ${r2.toFixed(4)}`);
  });
});
