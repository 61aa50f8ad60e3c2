import { everyShape, gradcheckCases } from "../support/gradcheck-cases.ts";

describe("operators/threshold", () => {
  const away = { dtype: "float32", draw: "away" } as const;
  gradcheckCases("ThresholdedRelu", everyShape({ alpha: { float: 0.05 } }), away);
  gradcheckCases("Shrink", everyShape({ lambd: { float: 0.05 }, bias: { float: 0.3 } }), away);
  const distinct = { dtype: "float32", draw: "distinct" } as const;
  gradcheckCases("ThresholdedRelu", { "its own threshold of 1": { of: { x: [6, 10] } } }, distinct);
  gradcheckCases("Shrink", { "its own threshold of 0.5": { of: { x: [6, 10] } } }, distinct);
});
