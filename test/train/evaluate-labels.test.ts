import assert from "node:assert/strict";
import { severalLabels } from "../../toolkit/train/evaluate-labels.ts";
import { scoreSeveral } from "../../toolkit/train/evaluate.ts";

/** Four samples of three classes; the last class is nobody's. */
const probabilities = Float32Array.of(0.9, 0.2, 0.1, 0.8, 0.7, 0.1, 0.7, 0.7, 0.3, 0.1, 0.6, 0.2);
const targets = Float32Array.of(1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0);

describe("train/evaluate-labels", () => {
  it("severalLabels() ranks by class: average precision as counted by hand, equal probabilities as one place", () => {
    const { perClass, meanAveragePrecision } = severalLabels(probabilities, targets, 3);
    // first class: found at places 1 and 3 of four: (1/1 + 2/3) / 2
    assert.ok(Math.abs((perClass[0]?.averagePrecision ?? 0) - 5 / 6) < 1e-12);
    // second: one of the two of 0.7, then the third: 1/2 * 1/2 + 1/2 * 2/3
    assert.ok(Math.abs((perClass[1]?.averagePrecision ?? 0) - 7 / 12) < 1e-12);
    assert.equal(perClass[2]?.averagePrecision, null);
    assert.ok(Math.abs(meanAveragePrecision - (5 / 6 + 7 / 12) / 2) < 1e-12);
  });

  it("severalLabels() puts thresholds where F1 is best, between two probabilities", () => {
    const { perClass, microF1, macroF1 } = severalLabels(probabilities, targets, 3);
    // first class: three found, two of them right: 4/5, better than one of one: 2/3
    assert.ok(Math.abs((perClass[0]?.threshold ?? 0) - 0.4) < 1e-6);
    assert.ok(Math.abs((perClass[0]?.f1 ?? 0) - 4 / 5) < 1e-12);
    assert.deepEqual([perClass[0]?.precision, perClass[0]?.recall, perClass[0]?.support], [2 / 3, 1, 2]);
    // second: the three of 0.6 and more
    assert.ok(Math.abs((perClass[1]?.threshold ?? 0) - 0.4) < 1e-6);
    assert.deepEqual(perClass[2], {
      averagePrecision: null,
      threshold: 0.5,
      precision: null,
      recall: null,
      f1: null,
      support: 0,
    });
    assert.ok(Math.abs(microF1 - 8 / 10) < 1e-12);
    assert.ok(Math.abs(macroF1 - 4 / 5) < 1e-12);
  });

  it("severalLabels() keeps thresholds that were chosen elsewhere, however these samples would have them", () => {
    const { perClass, microF1 } = severalLabels(probabilities, targets, 3, [0.85, 0.65, 0.5]);
    assert.deepEqual(
      perClass.map((c) => c.threshold),
      [0.85, 0.65, 0.5],
    );
    assert.deepEqual([perClass[0]?.precision, perClass[0]?.recall], [1, 1 / 2]);
    assert.deepEqual([perClass[1]?.precision, perClass[1]?.recall], [1 / 2, 1 / 2]);
    // two of the three found are right, four are there
    assert.ok(Math.abs(microF1 - 4 / 7) < 1e-12);
    assert.equal(perClass[0]?.averagePrecision, severalLabels(probabilities, targets, 3).perClass[0]?.averagePrecision);
  });

  it("scoreSeveral() takes sigmoid and binary cross-entropy of logits, however large", () => {
    const rows = [Float32Array.of(0, 200), Float32Array.of(-3, -200)];
    const wanted = [Float32Array.of(1, 1), Float32Array.of(0, 0)];
    const { loss, probabilities: p, top1, count } = scoreSeveral(rows, wanted, [0, -1], [0, 1]);
    assert.ok(Math.abs(loss - (Math.log(2) + Math.log1p(Math.exp(-3))) / 4) < 1e-12);
    assert.deepEqual(
      Array.from(p, (v) => Number(v.toFixed(6))),
      [0.5, 1, 0.047426, 0],
    );
    // a sample without labels has no likeliest one
    assert.equal(top1, 0.5);
    assert.equal(count, 2);
  });
});
