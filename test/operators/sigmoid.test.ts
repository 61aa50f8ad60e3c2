import { everyShape, gradcheckCases } from "../support/gradcheck-cases.ts";

describe("operators/sigmoid", () => {
  gradcheckCases("Sigmoid", everyShape());
  gradcheckCases("Tanh", everyShape());
  gradcheckCases("Softplus", everyShape(), { dtype: "float32" });
  gradcheckCases("Softsign", everyShape(), { dtype: "float32" });
});
