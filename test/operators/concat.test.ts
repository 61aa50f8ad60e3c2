import { gradcheck } from "../support/gradcheck.ts";
import { int64 } from "../../toolkit/graph/tensor.ts";
describe("operators/concat", () => {
  it("Concat matches finite differences", () =>
    gradcheck(
      "Concat",
      [
        ["N", 1, 3],
        ["N", 2, 3],
        ["N", 4, 3],
      ],
      { axis: 1 },
      { dims: { N: 2 }, unbound: true },
    ));
  it("Split matches finite differences with sizes", () =>
    gradcheck("Split", [[2, 5], int64([2, 3])], { axis: -1 }, { outputCount: 2 }));
  it("Split matches finite differences in equal parts", () => gradcheck("Split", [[4, 3]], {}, { outputCount: 2 }));
});
