import { everyShape, gradcheckCases } from "../support/gradcheck-cases.ts";

describe("operators/trigonometry", () => {
  gradcheckCases("Sin", everyShape());
  gradcheckCases("Cos", everyShape());
  const single = { dtype: "float32" } as const;
  gradcheckCases("Tan", everyShape(), single);
  gradcheckCases("Asin", everyShape(), { ...single, draw: [-0.8, 0.8] });
  gradcheckCases("Acos", everyShape(), { ...single, draw: [-0.8, 0.8] });
  gradcheckCases("Atan", everyShape(), { ...single, draw: [-2, 2] });
  gradcheckCases("Sinh", everyShape(), { ...single, draw: [-2, 2] });
  gradcheckCases("Cosh", everyShape(), { ...single, draw: [-2, 2] });
  gradcheckCases("Asinh", everyShape(), { ...single, draw: [-2, 2] });
  gradcheckCases("Acosh", everyShape(), { ...single, draw: [1.5, 3] });
  gradcheckCases("Atanh", everyShape(), { ...single, draw: [-0.8, 0.8] });
});
