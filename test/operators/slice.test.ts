import assert from "node:assert/strict";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Dim } from "../../toolkit/graph/ir.ts";
import { operators } from "../../toolkit/operators/index.ts";
import type { GradcheckOptions } from "../support/gradcheck.ts";
import { gradcheck } from "../support/gradcheck.ts";
import { int64 } from "../../toolkit/graph/tensor.ts";
describe("operators/slice", () => {
  const cuts = {
    "one axis": [[1], [3], [0], [1]],
    "two axes from the end": [
      [-3, 0],
      [-1, 2],
      [-1, 0],
      [1, 1],
    ],
    steps: [
      [1, 0],
      [6, 99],
      [0, 1],
      [2, 3],
    ],
    backwards: [[-1], [-99], [0], [-1]],
    "backwards in steps": [
      [5, 4],
      [0, -99],
      [0, 1],
      [-2, -3],
    ],
  };
  for (const [name, [starts = [], ends = [], axes = [], steps = []]] of Object.entries(cuts)) {
    it(`matches finite differences: ${name}`, () =>
      gradcheck("Slice", [[7, 5], int64(starts), int64(ends), int64(axes), int64(steps)]));
    it(`matches finite differences through an extent that is bound later: ${name}`, () =>
      gradcheck(
        "Slice",
        [["H", "W"], int64(starts), int64(ends), int64(axes), int64(steps)],
        {},
        { dims: { H: 7, W: 5 } },
      ));
  }

  const slice = (shape: readonly Dim[], parts: readonly (readonly number[])[], options: GradcheckOptions = {}) =>
    gradcheck("Slice", [shape, ...parts.map((part) => int64(part))], {}, options);

  it("matches finite differences through extents that stay unknown", async () => {
    const free = { dims: { N: 2, H: 7, W: 5 }, unbound: true };
    for (const [starts = [], ends = [], axes = [], steps = []] of Object.values(cuts)) {
      await slice(["H", "W"], [starts, ends, axes, steps], free);
    }
    await slice(["N", 5], [[1], [-1], [1]], free);
    await slice(
      ["N", 3, "H", "W"],
      [
        [1, -4],
        [6, -1],
        [-2, -1],
        [2, 1],
      ],
      free,
    );
  });

  it("matches finite differences for other ranks", async () => {
    await slice([6], [[2], [5]]);
    await slice([1, 3, 2], [[0], [2], [-2]]);
    await slice(
      [2, 3, 4, 2],
      [
        [1, -1, 3],
        [2, -4, 0],
        [0, 1, 2],
        [1, -1, -2],
      ],
    );
    await slice([1, 1], [[0], [1], [-1]]);
  });

  it("keeps names of extents", () => {
    const b = new GraphBuilder(operators);
    const x = b.input("x", "float32", ["N", "H"]);
    const part = (start: number, end: number): Dim | undefined =>
      b.op("Slice", [x, b.ints([start]), b.ints([end]), b.ints([1])]).shape[1];
    assert.equal(part(1, 99999999999), "(H-1)");
    assert.equal(part(2, -1), "(H-3)");
    assert.equal(part(0, 1), 1);
    assert.equal(part(-1, 99999999999), 1);
  });

  it("says no number where the extent may be too small for it, and none below 0", () => {
    const b = new GraphBuilder(operators);
    const x = b.input("x", "float32", ["N", "(H+3)"]);
    const part = (axis: number, start: number, end: number): Dim | undefined =>
      b.op("Slice", [x, b.ints([start]), b.ints([end]), b.ints([axis])]).shape[axis];
    assert.equal(part(0, -7, 99999999999), "slice(N,-7,,1)");
    assert.equal(part(0, 0, 7), "slice(N,0,7,1)");
    assert.equal(part(0, -3, -1), "slice(N,-3,-1,1)");
    assert.equal(part(0, 5, 2), 0);
    assert.equal(part(0, -2, -5), 0);
    assert.equal(part(1, 0, 3), 3);
    assert.equal(part(1, -3, -1), 2);
    assert.equal(part(1, -4, -1), "slice((H+3),-4,-1,1)");
  });

  it("matches finite differences where a cut reaches beyond an extent that stays unknown", async () => {
    const free = { dims: { N: 2 }, unbound: true };
    await slice(["N", 3], [[-7], [99], [0]], free);
    await slice(["N", 3], [[0], [7], [0]], free);
    await slice(["N", 3], [[-5], [-1], [0]], free);
  });
});
