import { everyBroadcast, gradcheckCases } from "../support/gradcheck-cases.ts";
import type { GradcheckCases } from "../support/gradcheck-cases.ts";

const counts: GradcheckCases = {
  "one input": { of: { a: [3, 4] } },
  "three inputs that broadcast": { of: { a: [3, 1], b: [2, 1, 4], c: [] } },
};

describe("operators/sum", () => {
  gradcheckCases("Sum", { ...everyBroadcast(), ...counts });
  gradcheckCases("Mean", { ...everyBroadcast(), ...counts }, { dtype: "float32" });
});
