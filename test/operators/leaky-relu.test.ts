import { gradcheck } from "../support/gradcheck.ts";

describe("operators/leaky-relu", () => {
  it("LeakyRelu matches finite differences", () =>
    gradcheck("LeakyRelu", [[3, 4]], { alpha: { float: 0.2 } }, { dtype: "float32", draw: "away" }));
  it("PRelu matches finite differences in input and slope", () =>
    gradcheck(
      "PRelu",
      [
        [2, 3, 4],
        [3, 1],
      ],
      {},
      { dtype: "float32", draw: "away" },
    ));
  it("Elu matches finite differences", () =>
    gradcheck("Elu", [[3, 4]], { alpha: { float: 1.5 } }, { dtype: "float32", draw: "away" }));
  it("Selu matches finite differences", () => gradcheck("Selu", [[3, 4]], {}, { dtype: "float32", draw: "away" }));
});
