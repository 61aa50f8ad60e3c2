import { gradcheck } from "../support/gradcheck.ts";

describe("operators/transpose", () => {
  it("matches finite differences", async () => {
    await gradcheck("Transpose", [[2, 3, 4]], { perm: [1, 2, 0] });
    await gradcheck("Transpose", [[1, 3]], { perm: [1, 0] });
    await gradcheck("Transpose", [[2, 3, 1, 4]], { perm: [0, 2, 3, 1] });
    await gradcheck("Transpose", [[5]], { perm: [0] });
    await gradcheck(
      "Transpose",
      [["N", "H", "W", 2]],
      { perm: [3, 1, 0, 2] },
      { dims: { N: 2, H: 3, W: 1 }, unbound: true },
    );
  });
  it("matches finite differences with axes reversed", () =>
    gradcheck("Transpose", [["N", 3, 4]], {}, { dims: { N: 2 }, unbound: true }));
});
