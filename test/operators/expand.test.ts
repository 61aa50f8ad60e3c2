import { gradcheck } from "../support/gradcheck.ts";
import { int64 } from "../../toolkit/graph/tensor.ts";
describe("operators/expand", () => {
  it("Expand matches finite differences", () => gradcheck("Expand", [[3, 1], int64([2, 3, 4])]));
  it("Tile matches finite differences", () =>
    gradcheck("Tile", [["N", 3, 2], int64([1, 2, 3])], {}, { dims: { N: 2 }, unbound: true }));
});
