import assert from "node:assert/strict";
import type { Dim } from "../../toolkit/graph/ir.ts";
import { int64 } from "../../toolkit/graph/tensor.ts";
import { gradcheck } from "../support/gradcheck.ts";
import type { GradcheckOptions } from "../support/gradcheck.ts";

const pad = (shape: readonly Dim[], pads: readonly number[], mode: string, options: GradcheckOptions = {}) =>
  gradcheck("Pad", [shape, int64(pads)], { mode }, options);

describe("operators/pad", () => {
  for (const mode of ["constant", "edge", "reflect"]) {
    it(`matches finite differences: ${mode}`, async () => {
      await pad([1, 4], [0, 1, 0, 2], mode);
      await pad([2, 3, 4, 5], [0, 0, 2, 1, 0, 0, 1, 3], mode);
      await pad([3, 4], [2, 0, 0, 3], mode);
      await pad([5], [4, 4], mode);
      await pad([1, 2, 2, 2], [0, 1, 1, 1, 0, 1, 1, 1], mode);
    });
    it(`matches finite differences with negative pads: ${mode}`, async () => {
      await pad([4, 5], [-1, 1, 0, -2], mode);
      await pad([6], [2, -2], mode);
    });
    it(`matches finite differences with extents of unknown size: ${mode}`, async () => {
      await pad(["N", 3], [0, 1, 0, 2], mode, { dims: { N: 2 }, unbound: true });
      await pad(["N", 2, "H", "W"], [0, 0, 1, 2, 0, 0, 3, 1], mode, { dims: { N: 2, H: 4, W: 3 }, unbound: true });
    });
  }

  it("refuses a mode it has no gradient for", () =>
    assert.rejects(pad([3], [1, 1], "wrap"), (error) => error instanceof Error && /mode "wrap"/.test(error.message)));
});
