import assert from "node:assert/strict";
import { isVector } from "../../toolkit/graph/shape.ts";

describe("graph/shape", () => {
  it("isVector() takes one extent beside 1 at any rank", () => {
    for (const shape of [[], [1], [5], [5, 1, 1], [1, 5], [1, 1, 1], ["N", 1]])
      assert.ok(isVector(shape), shape.join());
    for (const shape of [
      [2, 3],
      ["N", 3],
      [4, 1, 3, 3],
      [1, 2, 2],
    ])
      assert.ok(!isVector(shape), shape.join());
  });
});
