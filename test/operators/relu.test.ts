import { gradcheck } from "../support/gradcheck.ts";

describe("operators/relu", () => {
  it("matches finite differences", () => gradcheck("Relu", [[3, 4]], {}, { draw: "away" }));
  it("matches finite differences in float32", () =>
    gradcheck("Relu", [["N", 4]], {}, { draw: "away", dtype: "float32", dims: { N: 3 } }));
});
