import assert from "node:assert/strict";
import { checkLoss, lossPoints } from "../../toolkit/export/check-loss.ts";
import type { AnswersCompared } from "../../toolkit/export/compare-answers.ts";
import type { ReducedModel } from "../../toolkit/export/reduce-precision.ts";

const answers: AnswersCompared = {
  count: 200,
  agreeing: 195,
  largestDifference: 0.1,
  labelled: { count: 200, before: 190, after: 187 },
  bad: [],
};
const unlabelled = { ...answers, labelled: { count: 0, before: 0, after: 0 } };

function reduced(of: AnswersCompared): ReducedModel {
  const bytes = { before: 1, after: 1 };
  const metadata = {} as ReducedModel["metadata"];
  return {
    model: new Uint8Array(),
    precision: "int8",
    metadata,
    bytes,
    answers: of,
    speed: [],
    calibrated: 1,
    bad: [],
  };
}

describe("export/check-loss", () => {
  it("lossPoints is of accuracy where classes are known, else of agreement", () => {
    assert.equal(lossPoints(answers), 1.5);
    assert.equal(lossPoints(unlabelled), 2.5);
    assert.equal(lossPoints({ ...answers, labelled: { count: 200, before: 187, after: 190 } }), -1.5);
    assert.equal(lossPoints({ ...unlabelled, count: 0 }), undefined);
  });

  it("checkLoss refuses more than is allowed, and says how much it is", () => {
    assert.equal(checkLoss(reduced(answers), 1.5).answers, answers);
    assert.throws(() => checkLoss(reduced(answers), 1), {
      code: "E_ACCURACY_LOSS",
      message:
        "Cannot keep the int8 model: it names 93.5 % of 200 photos rightly instead of 95.0 %, 1.5 points fewer, expected at most 1",
    });
    assert.throws(() => checkLoss(reduced(unlabelled), 1), {
      code: "E_ACCURACY_LOSS",
      message: "Cannot keep the int8 model: 5 of 200 photos get another label, 2.5 points, expected at most 1",
    });
  });

  it("refuses probabilities that are no numbers, whatever was allowed", () => {
    assert.throws(() => checkLoss(reduced({ ...answers, largestDifference: Number.NaN }), 100), {
      code: "E_ACCURACY_LOSS",
    });
  });
});
