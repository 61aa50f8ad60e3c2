import { gradcheckCases } from "../support/gradcheck-cases.ts";

describe("operators/lrn", () => {
  const strong = { alpha: { float: 0.7 }, beta: { float: 0.75 }, bias: { float: 0.5 } };
  gradcheckCases(
    "LRN",
    {
      "3 of 7 channels": { of: { x: [2, 7, 3, 4] }, attrs: { ...strong, size: 3 } },
      "5 of 6 channels": { of: { x: [2, 6, 2, 2] }, attrs: { ...strong, size: 5 } },
      "more channels than there are": { of: { x: [1, 3, 2, 2] }, attrs: { ...strong, size: 7 } },
      "its own channel only": { of: { x: [1, 4, 2, 3] }, attrs: { ...strong, size: 1 } },
      "another exponent": { of: { x: [2, 4, 2, 2] }, attrs: { ...strong, beta: { float: 2 }, size: 3 } },
      "the default factors": { of: { x: [2, 5, 2, 2] }, attrs: { size: 3 } },
      "extents of unknown size": {
        of: { x: ["N", 4, "H", "W"] },
        attrs: { ...strong, size: 3 },
        dims: { N: 2, H: 2, W: 3 },
        unbound: true,
      },
    },
    { dtype: "float32" },
  );
});
