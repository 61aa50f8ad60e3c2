import { gradcheck } from "../support/gradcheck.ts";

describe("operators/hard-sigmoid", () => {
  it("HardSigmoid matches finite differences on all three pieces", () =>
    gradcheck(
      "HardSigmoid",
      [[40]],
      { alpha: { float: 0.9 }, beta: { float: 0.5 } },
      { dtype: "float32", draw: "distinct" },
    ));
  it("HardSwish matches finite differences on all three pieces", () =>
    gradcheck("HardSwish", [[4, 50]], {}, { dtype: "float32", draw: "distinct" }));
});
