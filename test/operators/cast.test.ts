import { gradcheck } from "../support/gradcheck.ts";

describe("operators/cast", () => {
  it("matches finite differences between floating-point types", () =>
    gradcheck("Cast", [[3, 4]], { to: 11 }, { dtype: "float32" }));
});
