import { gradcheck } from "../support/gradcheck.ts";

describe("operators/sigmoid", () => {
  it("Sigmoid matches finite differences", () => gradcheck("Sigmoid", [[3, 4]]));
  it("Tanh matches finite differences", () => gradcheck("Tanh", [[3, 4]]));
  it("Softplus matches finite differences", () => gradcheck("Softplus", [[3, 4]], {}, { dtype: "float32" }));
});
