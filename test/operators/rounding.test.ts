import assert from "node:assert/strict";
import { operators } from "../../toolkit/operators/index.ts";
import { shapeOf } from "../support/shape-of.ts";

describe("operators/rounding", () => {
  for (const type of ["Sign", "Floor", "Ceil", "Round"]) {
    it(`${type} keeps the shape and has a gradient of zero`, () => {
      assert.deepEqual(shapeOf(type, [["N", 3]]), ["N", 3]);
      assert.equal(operators.get(type)?.gradient, null);
    });
  }
});
