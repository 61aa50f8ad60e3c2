import { gradcheck } from "../support/gradcheck.ts";

describe("operators/unary", () => {
  for (const [type, draw] of [
    ["Neg", "any"],
    ["Exp", "any"],
    ["Log", "positive"],
    ["Sqrt", "positive"],
    ["Abs", "away"],
    ["Reciprocal", "away"],
  ] as const) {
    it(`${type} matches finite differences`, () => gradcheck(type, [[3, 4]], {}, { draw }));
  }
  it("Erf matches finite differences", () => gradcheck("Erf", [[3, 4]], {}, { dtype: "float32" }));
});
