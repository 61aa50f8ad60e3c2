import assert from "node:assert/strict";
import { qualityCell, qualityHead } from "../../toolkit/report/quality-cell.ts";

describe("report/quality-cell", () => {
  it("writes shares as per cent, and what may be below 0 as it is", () => {
    assert.equal(qualityCell(0.931, "accuracy"), "93.1 %");
    assert.equal(qualityCell(0.5, "mean average precision"), "50.0 %");
    assert.equal(qualityCell(-0.45, "R2"), "-0.450");
    assert.equal(qualityCell(0.25, "mean over heads"), "0.250");
  });

  it("names a column shortly", () => {
    assert.deepEqual(["accuracy", "mean average precision", "R2", "mean over heads"].map(qualityHead), [
      "accuracy",
      "mAP",
      "R2",
      "quality",
    ]);
  });
});
