import { fixture } from "../support/fixtures.ts";
import { findCases } from "../goldens/find-cases.ts";

describe("autodiff/differentiate on whole architectures", () => {
  for (const golden of findCases(fixture("architectures")).cases) {
    it(`gives PyTorch's output, loss and gradient of every parameter: ${golden.name}`, golden.run);
  }
});
