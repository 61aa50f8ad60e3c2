import assert from "node:assert/strict";
import { headTargets, standardOf, targetColumnsOf } from "../../toolkit/data/heads.ts";
import { positiveWeights } from "../../toolkit/data/positive-weights.ts";
import type { Sample } from "../../toolkit/data/sample.ts";
import { errorCode } from "../../toolkit/errors.ts";

const sample = (label: number, more: Partial<Sample> = {}): Sample => ({ id: "a", path: "a", label, ...more });

describe("data/heads", () => {
  it("standardOf() is mean and deviation of the numbers that are known", () => {
    const samples = [1, 3, Number.NaN, 5].map((v) => sample(-1, { numbers: [0, v] }));
    assert.deepEqual(standardOf(samples, 1, "age"), { mean: 3, deviation: Math.sqrt(8 / 3) });
  });
  it("standardOf() refuses a column of one number, or of none", () => {
    for (const values of [
      [0.1, 0.1, 0.1],
      [Number.NaN, Number.NaN],
    ]) {
      const samples = values.map((v) => sample(-1, { numbers: [v] }));
      assert.throws(
        () => standardOf(samples, 0, "age"),
        (error) => errorCode(error) === "E_DATA_CLASSES",
      );
    }
  });
  it("headTargets() puts the heads side by side: classes as 1 and 0, numbers standardised, gaps as NaN", () => {
    const { width, of } = headTargets([
      { name: "kind", task: "classes", names: ["a", "b"], start: 0, weight: 1, labelSet: 0 },
      { name: "marks", task: "labels", names: ["p", "q", "r"], start: 2, weight: 1, labelSet: 1 },
      {
        name: "numbers",
        task: "numbers",
        names: ["x", "y"],
        start: 5,
        weight: 1,
        columns: [1, 0],
        standard: [
          { mean: 10, deviation: 2 },
          { mean: 0, deviation: 4 },
        ],
      },
    ]);
    assert.equal(width, 7);
    assert.deepEqual(of(sample(1, { more: [[0, 2]], numbers: [8, 12] })), [0, 1, 1, 0, 1, 1, 2]);
    assert.deepEqual(of(sample(0, { more: [[]], numbers: [Number.NaN, 8] })), [1, 0, 0, 0, 0, -1, Number.NaN]);
  });
  it("targetColumnsOf() lists labels before numbers, with where samples have them", () => {
    const found = targetColumnsOf({
      classes: ["a", "b"],
      labelColumn: "kind",
      columns: ["x"],
      more: [{ name: "marks", classes: ["p"], isMultiLabel: true }],
    });
    assert.deepEqual(
      found.map(({ name, task, place }) => [name, task, place]),
      [
        ["kind", "classes", 0],
        ["marks", "labels", 1],
        ["x", "numbers", 0],
      ],
    );
  });
});

describe("data/positive-weights", () => {
  it("positiveWeights() is photos without a label over photos with it, within 1/20 and 20; 1 where none has it", () => {
    const samples = Array.from({ length: 100 }, (_, i) =>
      sample(0, {
        labels: [...(i < 25 ? [0] : []), ...(i === 0 ? [1] : []), ...(i < 99 ? [2] : []), ...(i < 60 ? [4] : [])],
      }),
    );
    assert.deepEqual(positiveWeights(samples, 5), [3, 20, 0.05, 1, 0.6667]);
  });
  it("positiveWeights() looks at the labels of a further column where it is told", () => {
    const samples = [[0], [0], [], [0]].map((labels) => sample(1, { more: [[], labels] }));
    assert.deepEqual(positiveWeights(samples, 1, 2), [0.3333]);
  });
});
