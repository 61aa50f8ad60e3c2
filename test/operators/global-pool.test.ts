import assert from "node:assert/strict";
import { float32 } from "../../toolkit/graph/tensor.ts";
import { gradcheckCases } from "../support/gradcheck-cases.ts";
import { gradientAt } from "../support/gradient-at.ts";
import { shapeOf } from "../support/shape-of.ts";

const maps = {
  "maps of two pictures": { of: { x: [2, 3, 4, 5] } },
  "one picture": { of: { x: [1, 2, 3, 3] } },
  "one axis": { of: { x: [2, 3, 7] } },
  "three axes": { of: { x: [2, 2, 3, 2, 4] } },
  "maps of one pixel": { of: { x: [2, 3, 1, 1] } },
  "extents of unknown size": { of: { x: ["N", 3, "H", "W"] }, dims: { N: 2, H: 4, W: 5 }, unbound: true },
};

describe("operators/global-pool", () => {
  gradcheckCases("GlobalAveragePool", maps, { dtype: "float32" });
  gradcheckCases("GlobalMaxPool", maps, { dtype: "float32", draw: "distinct" });

  it("GlobalMaxPool gives the gradient to the first of equal largest elements", async () => {
    const [gradient] = await gradientAt("GlobalMaxPool", [float32([1, 2, 2, 2], [1, 3, 3, 0, 5, 5, 5, 5])]);
    assert.deepEqual(gradient, [0, 1, 0, 0, 1, 0, 0, 0]);
  });

  it("leaves batch and channels", () => {
    for (const type of ["GlobalAveragePool", "GlobalMaxPool"])
      assert.deepEqual(shapeOf(type, [["N", 3, "H", "W"]]), ["N", 3, 1, 1]);
  });
});
