import assert from "node:assert/strict";
import { placeBatch } from "../../../toolkit/passes/normalise/batch-place.ts";

describe("passes/normalise/batch-place", () => {
  it("puts the pictures where a file of one picture has them: multi-head attention, sequence first", () => {
    assert.deepEqual(placeBatch([5, "N", 24], [5, 1, 3, 8], 1), [5, -1, 3, 8]);
    assert.deepEqual(placeBatch([5, "N", 8], [5, 2, 4], 1), [5, -1, 4]);
    assert.deepEqual(placeBatch(["N*2", 5, 4], [1, 2, 5, 4], 1), [-1, 2, 5, 4]);
    assert.deepEqual(placeBatch([5, "N", 2, 4], [5, 8], 1), [-1, 8]);
    assert.deepEqual(placeBatch(["N*5", 8], [5, 1, 8], 1), [5, -1, 8]);
  });

  it("reads the rows of a matrix as pictures first, or as the sequence first", () => {
    assert.deepEqual(placeBatch(["N*64", 8], [4, 16, 8], 1), [-1, 16, 8]);
    assert.deepEqual(placeBatch(["N*64", 8], [4, 16, 8], 1, true), [4, -1, 8]);
    assert.deepEqual(placeBatch(["N*5", 8], [5, 1, 8], 1, true), [5, -1, 8]);
  });

  it("does so for files of more pictures", () => {
    assert.deepEqual(placeBatch([5, "N", 8], [5, 6, 4], 3), [5, -1, 4]);
    assert.deepEqual(placeBatch(["N", 5, 4], [15, 4], 3), [-1, 4]);
    assert.deepEqual(placeBatch(["N*5", 4], [3, 5, 4], 3), [-1, 5, 4]);
  });

  it("leaves alone what keeps the batch first, what is computed, and what does not fit", () => {
    assert.equal(placeBatch(["N", 8, 2, 2], [1, 32], 1), undefined);
    assert.equal(placeBatch(["N", 8], [1, -1], 1), undefined);
    assert.equal(placeBatch(["N", "H", 8], [1, 4, 2], 1), undefined);
    assert.equal(placeBatch([5, 8], [5, 2, 4], 1), undefined);
    assert.equal(placeBatch(["N", 7], [2, 3], 1), undefined);
    assert.equal(placeBatch([5, "N", 8], [4, 10], 1), undefined);
  });
});
