import { gradcheck } from "../support/gradcheck.ts";
import { int64 } from "../../toolkit/graph/tensor.ts";
describe("operators/pad", () => {
  it("matches finite differences", () =>
    gradcheck("Pad", [["N", 3], int64([0, 1, 0, 2])], {}, { dims: { N: 2 }, unbound: true }));
  it("matches finite differences with negative pads", () => gradcheck("Pad", [[4, 5], int64([-1, 1, 0, -2])]));
});
