import { gradcheckCases } from "../support/gradcheck-cases.ts";

describe("operators/instance-normalization", () => {
  gradcheckCases(
    "InstanceNormalization",
    {
      "maps of two pictures": { of: { x: [2, 3, 4, 5], scale: [3], bias: [3] } },
      "one picture": { of: { x: [1, 2, 3, 3], scale: [2], bias: [2] } },
      "one channel": { of: { x: [3, 1, 4, 4], scale: [1], bias: [1] } },
      "one axis": { of: { x: [2, 3, 7], scale: [3], bias: [3] } },
      "three axes": { of: { x: [2, 2, 3, 2, 4], scale: [2], bias: [2] } },
      "another epsilon": { of: { x: [2, 3, 4, 5], scale: [3], bias: [3] }, attrs: { epsilon: { float: 0.3 } } },
      "extents of unknown size": {
        of: { x: ["N", 3, "H", "W"], scale: [3], bias: [3] },
        dims: { N: 2, H: 4, W: 5 },
        unbound: true,
      },
    },
    { dtype: "float32" },
  );
});
