import { gradcheck } from "../support/gradcheck.ts";
import { int64 } from "../../toolkit/graph/tensor.ts";
describe("operators/squeeze", () => {
  it("Squeeze matches finite differences", () => gradcheck("Squeeze", [[2, 1, 3, 1], int64([1, -1])]));
  it("Squeeze matches finite differences without axes", () => gradcheck("Squeeze", [[2, 1, 3, 1]]));
  it("Unsqueeze matches finite differences", () =>
    gradcheck("Unsqueeze", [["N", 3], int64([0, -1])], {}, { dims: { N: 2 }, unbound: true }));
});
