import type { Dim } from "../../toolkit/graph/ir.ts";
import { int64 } from "../../toolkit/graph/tensor.ts";
import { gradcheck } from "../support/gradcheck.ts";
import type { GradcheckOptions } from "../support/gradcheck.ts";

describe("operators/expand", () => {
  const expand = (shape: readonly Dim[], target: readonly number[], options: GradcheckOptions = {}) =>
    gradcheck("Expand", [shape, int64(target)], {}, options);
  const tile = (shape: readonly Dim[], repeats: readonly number[], options: GradcheckOptions = {}) =>
    gradcheck("Tile", [shape, int64(repeats)], {}, options);

  it("Expand matches finite differences", async () => {
    await expand([3, 1], [2, 3, 4]);
    await expand([], [2, 3]);
    await expand([2, 3], [1, 1]);
    await expand([1, 1, 1], [2, 1, 3]);
    await expand([1, 4], [4]);
  });

  it("Expand matches finite differences for extents of unknown size", async () => {
    await expand(["N", 1], [1, 3], { dims: { N: 2 }, unbound: true });
    await expand(["N", 1, "W"], [4, 1, 2, 1], { dims: { N: 2, W: 3 }, unbound: true });
  });

  it("Tile matches finite differences", async () => {
    await tile([3], [4]);
    await tile([2, 3], [1, 1]);
    await tile([1, 3, 1], [2, 1, 5]);
    await tile([2, 2, 3, 1], [2, 3, 1, 2]);
    await tile([4, 1], [1, 3]);
  });

  it("Tile matches finite differences for extents of unknown size", async () => {
    await tile(["N", 3, 2], [1, 2, 3], { dims: { N: 2 }, unbound: true });
    await tile(["N", 2, "H", "W"], [1, 1, 2, 3], { dims: { N: 2, H: 3, W: 2 }, unbound: true });
    await tile(["N", 2, "H", "W"], [1, 1, 2, 3], { dims: { N: 2, H: 3, W: 2 } });
  });
});
