import assert from "node:assert/strict";
import { readClassWeights } from "../../../cli/train/class-weights.ts";

describe("cli/train/class-weights", () => {
  it("readClassWeights() takes a word or numbers, and refuses anything else", () => {
    assert.equal(readClassWeights("balanced"), "balanced");
    assert.deepEqual(readClassWeights("1,2.5, .5"), [1, 2.5, 0.5]);
    for (const text of ["even", "1,,2", "1;2", "-1,2", ""]) {
      assert.throws(() => readClassWeights(text), { code: "E_USAGE" }, text);
    }
  });
});
