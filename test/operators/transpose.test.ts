import { gradcheck } from "../support/gradcheck.ts";

describe("operators/transpose", () => {
  it("matches finite differences", () => gradcheck("Transpose", [[2, 3, 4]], { perm: [1, 2, 0] }));
  it("matches finite differences with axes reversed", () =>
    gradcheck("Transpose", [["N", 3, 4]], {}, { dims: { N: 2 }, unbound: true }));
});
