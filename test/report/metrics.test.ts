import assert from "node:assert/strict";
import fc from "fast-check";
import {
  calibrationBins,
  calibrationError,
  classMetrics,
  confusedPairs,
  confusionMatrix,
  logLoss,
  measure,
  topError,
} from "../../toolkit/report/metrics.ts";
import type { Predictions } from "../../toolkit/report/metrics.ts";

/** Five samples of three classes: 0 right, 0 taken for 1, 1 right, 1 right, 2 taken for 1. */
const sample: Predictions = {
  probabilities: Float32Array.of(0.75, 0.125, 0.125, 0.25, 0.5, 0.25, 0, 1, 0, 0.25, 0.75, 0, 0.125, 0.625, 0.25),
  labels: [0, 0, 1, 1, 2],
  classes: 3,
};

const predictions: fc.Arbitrary<Predictions> = fc
  .record({ classes: fc.integer({ min: 1, max: 9 }), count: fc.integer({ min: 1, max: 20 }) })
  .chain(({ classes, count }) =>
    fc.record({
      probabilities: fc
        .array(fc.integer({ min: 0, max: 4 }), { minLength: classes * count, maxLength: classes * count })
        .map((values) => Float32Array.from(values, (v) => v / 4)),
      labels: fc.array(fc.integer({ min: 0, max: classes - 1 }), { minLength: count, maxLength: count }),
      classes: fc.constant(classes),
    }),
  );

describe("report/metrics", () => {
  it("confusionMatrix() has the true class as row and the predicted one as column", () => {
    assert.deepEqual([...confusionMatrix(sample)], [1, 1, 0, 0, 2, 0, 0, 1, 0]);
  });

  it("classMetrics() gives precision, recall, F1 and support, and null where the divisor is 0", () => {
    const [first, second, third] = classMetrics(confusionMatrix(sample), 3);
    assert.deepEqual(first, { precision: 1, recall: 0.5, f1: 2 / 3, support: 2 });
    assert.deepEqual(second, { precision: 0.5, recall: 1, f1: 2 / 3, support: 2 });
    assert.deepEqual(third, { precision: null, recall: 0, f1: 0, support: 1 });
    const [absent] = classMetrics(Uint32Array.of(0, 0, 0, 3), 2);
    assert.deepEqual(absent, { precision: null, recall: null, f1: null, support: 0 });
  });

  it("topError() counts samples whose class is not among the k most probable", () => {
    assert.equal(topError(sample, 1), 2 / 5);
    assert.equal(topError(sample, 2), 0);
    const tie = { probabilities: Float32Array.of(0.25, 0.5, 0.25), classes: 3 };
    assert.equal(topError({ ...tie, labels: [0] }, 2), 0);
    assert.equal(topError({ ...tie, labels: [2] }, 2), 1); // of equals the lower index comes first
  });

  it("topError() agrees with sorting each row", () => {
    fc.assert(
      fc.property(predictions, fc.integer({ min: 1, max: 6 }), (p, k) => {
        let wrong = 0;
        for (const [i, label] of Array.from(p.labels).entries()) {
          const row = Array.from(p.probabilities.subarray(i * p.classes, (i + 1) * p.classes), (v, c) => ({ v, c }));
          const top = row.sort((a, b) => b.v - a.v || a.c - b.c).slice(0, k);
          if (!top.some(({ c }) => c === label)) wrong++;
        }
        assert.equal(topError(p, k), wrong / p.labels.length);
      }),
    );
  });

  it("measure() keeps sums: the confusions hold every sample, the diagonal is the accuracy", () => {
    fc.assert(
      fc.property(predictions, (p) => {
        const m = measure(p);
        const total = m.confusion.reduce((sum, c) => sum + c.count, 0);
        const right = m.confusion.reduce((sum, c) => sum + (c.actual === c.predicted ? c.count : 0), 0);
        assert.equal(total, m.count);
        assert.ok(Math.abs(right / total - m.accuracy) < 1e-12);
        assert.equal(
          m.calibration.reduce((sum, b) => sum + b.count, 0),
          m.count,
        );
      }),
    );
  });

  it("logLoss() is the mean of -ln p, bounded by float32's epsilon", () => {
    const expected = -(Math.log(0.75) + Math.log(0.25) + Math.log(1) + Math.log(0.75) + Math.log(0.25)) / 5;
    assert.ok(Math.abs(logLoss(sample) - expected) < 1e-12);
    const sure = { probabilities: Float32Array.of(1, 0), labels: [1], classes: 2 };
    assert.ok(Math.abs(logLoss(sure) - 23 * Math.LN2) < 1e-12);
  });

  it("calibrationError() weighs the gap between confidence and accuracy by count", () => {
    // confidences .75 .5 1 .75 .625, right yes no yes yes no; two bins: (0, .5] and (.5, 1]
    assert.deepEqual(calibrationBins(sample, 2), [
      { confidence: 0.5, accuracy: 0, count: 1 },
      { confidence: 0.78125, accuracy: 0.75, count: 4 },
    ]);
    assert.equal(calibrationError(sample, 2), (0.5 + 4 * 0.03125) / 5);
  });

  it("confusedPairs() lists mistakes only, most frequent first", () => {
    const confusion = [
      { actual: 0, predicted: 0, count: 9 },
      { actual: 0, predicted: 1, count: 2 },
      { actual: 1, predicted: 0, count: 5 },
      { actual: 2, predicted: 1, count: 2 },
    ];
    assert.deepEqual(confusedPairs(confusion, 2), [confusion[2], confusion[1]]);
  });

  it("measure() refuses sizes that do not fit, labels out of range, nothing, and NaN", () => {
    const probabilities = Float32Array.of(0.5, 0.5);
    assert.throws(() => measure({ probabilities, labels: [0, 1], classes: 2 }), { code: "E_SHAPE" });
    assert.throws(() => measure({ probabilities, labels: [2], classes: 2 }), { code: "E_SHAPE" });
    assert.throws(() => measure({ probabilities: new Float32Array(0), labels: [], classes: 2 }), { code: "E_SHAPE" });
    assert.throws(() => measure({ probabilities: Float32Array.of(Number.NaN, 1), labels: [1], classes: 2 }), {
      code: "E_MODEL_NONFINITE",
    });
  });
});
