import { gradcheck } from "../support/gradcheck.ts";

describe("operators/global-pool", () => {
  it("GlobalAveragePool matches finite differences", () =>
    gradcheck("GlobalAveragePool", [[2, 3, 4, 5]], {}, { dtype: "float32" }));
  it("GlobalAveragePool matches finite differences with unbound extents", () =>
    gradcheck(
      "GlobalAveragePool",
      [["N", 3, "H", "W"]],
      {},
      { dtype: "float32", dims: { N: 2, H: 4, W: 5 }, unbound: true },
    ));
  it("GlobalMaxPool matches finite differences", () =>
    gradcheck(
      "GlobalMaxPool",
      [["N", 3, 4, 5]],
      {},
      { dtype: "float32", draw: "distinct", dims: { N: 2 }, unbound: true },
    ));
});
