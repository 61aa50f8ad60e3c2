import { everyShape, gradcheckCases } from "../support/gradcheck-cases.ts";

describe("operators/hard-sigmoid", () => {
  const distinct = { dtype: "float32", draw: "distinct" } as const;
  gradcheckCases("HardSigmoid", everyShape({ alpha: { float: 0.9 }, beta: { float: 0.5 } }), distinct);
  gradcheckCases("HardSigmoid", { "all three pieces": { of: { x: [8, 30] } } }, distinct);
  gradcheckCases("HardSwish", everyShape(), distinct);
  gradcheckCases("HardSwish", { "all three pieces": { of: { x: [4, 50] } } }, distinct);
});
