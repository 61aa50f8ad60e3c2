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
    assert.equal(part(-3, -1), 2);
  });
});
