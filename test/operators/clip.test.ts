import { gradcheck } from "../support/gradcheck.ts";
import { scalar } from "../../toolkit/graph/tensor.ts";
describe("operators/clip", () => {
  it("matches finite differences inside and outside of both bounds", () =>
    gradcheck("Clip", [[5, 6], scalar(-0.5, "float64"), scalar(0.5, "float64")]));
  it("matches finite differences with one bound", () =>
    gradcheck("Clip", [[5, 6], undefined, scalar(0.05, "float64")]));
});
