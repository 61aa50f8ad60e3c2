import { gradcheck } from "../support/gradcheck.ts";
import { int64 } from "../../toolkit/graph/tensor.ts";
describe("operators/reshape", () => {
  it("Reshape matches finite differences", () => gradcheck("Reshape", [[2, 3, 4], int64([4, -1])]));
  it("Reshape matches finite differences for a batch of unknown size", () =>
    gradcheck("Reshape", [["N", 3, 4], int64([0, -1])], {}, { dims: { N: 2 }, unbound: true }));
  it("Reshape matches finite differences where two extents are unknown", () =>
    gradcheck("Reshape", [["N", 3, "H"], int64([-1])], {}, { dims: { N: 2, H: 4 }, unbound: true }));
  it("Flatten matches finite differences", () =>
    gradcheck("Flatten", [["N", 3, 4]], {}, { dims: { N: 2 }, unbound: true }));
  it("Flatten matches finite differences at another axis", () => gradcheck("Flatten", [[2, 3, 4]], { axis: -1 }));
});
