import { gradcheck } from "../support/gradcheck.ts";

describe("operators/gemm", () => {
  for (const transA of [0, 1]) {
    for (const transB of [0, 1]) {
      it(`matches finite differences with transA ${transA}, transB ${transB}, alpha and beta`, () =>
        gradcheck("Gemm", [transA ? [4, 3] : [3, 4], transB ? [5, 4] : [4, 5], [3, 5]], {
          transA,
          transB,
          alpha: { float: 0.5 },
          beta: { float: 2 },
        }));
    }
  }
  for (const c of [[5], [3, 1], [1, 5], [], [1]]) {
    it(`matches finite differences with a C of shape [${c.join()}]`, () => gradcheck("Gemm", [[3, 4], [4, 5], c]));
  }
  it("matches finite differences without C, for a batch of unknown size", () =>
    gradcheck(
      "Gemm",
      [
        ["N", 4],
        [5, 4],
      ],
      { transB: 1 },
      { dims: { N: 3 }, unbound: true },
    ));
});
