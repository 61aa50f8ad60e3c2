import { everyShape, gradcheckCases } from "../support/gradcheck-cases.ts";

describe("operators/leaky-relu", () => {
  const away = { dtype: "float32", draw: "away" } as const;
  gradcheckCases("LeakyRelu", everyShape({ alpha: { float: 0.2 } }), away);
  gradcheckCases("Elu", everyShape({ alpha: { float: 1.5 } }), away);
  gradcheckCases("Celu", everyShape({ alpha: { float: 0.7 } }), away);
  gradcheckCases("Selu", everyShape(), away);
  gradcheckCases(
    "Selu",
    { "its own scales": { of: { x: [3, 4] }, attrs: { alpha: { float: 1.2 }, gamma: { float: 2 } } } },
    away,
  );
  gradcheckCases(
    "PRelu",
    {
      "a slope for each channel": { of: { x: [2, 3, 4, 5], slope: [3, 1, 1] } },
      "one slope": { of: { x: [2, 3], slope: [1] } },
      "a slope for each element": { of: { x: [3, 4], slope: [3, 4] } },
      "a slope for each column, one row": { of: { x: [1, 4], slope: [4] } },
      "a scalar slope": { of: { x: [5], slope: [] } },
      "a batch of unknown size": { of: { x: ["N", 3, 2], slope: [3, 1] }, dims: { N: 2 }, unbound: true },
    },
    away,
  );
});
