import { gradcheckCases } from "../support/gradcheck-cases.ts";

describe("operators/lp-normalization", () => {
  for (const p of [1, 2]) {
    const of = { x: [3, 4] };
    gradcheckCases(
      "LpNormalization",
      {
        [`order ${p} along the last axis`]: { of, attrs: { p } },
        [`order ${p} along the first axis`]: { of, attrs: { p, axis: 0 } },
        [`order ${p} along the channels`]: { of: { x: [2, 3, 4, 2] }, attrs: { p, axis: -3 } },
        [`order ${p} for one row`]: { of: { x: [1, 5] }, attrs: { p } },
        [`order ${p} of a vector`]: { of: { x: [6] }, attrs: { p } },
        [`order ${p} for a batch of unknown size`]: {
          of: { x: ["N", 4] },
          attrs: { p, axis: 1 },
          dims: { N: 2 },
          unbound: true,
        },
      },
      { draw: "away" },
    );
  }
});
