import { gradcheck } from "../support/gradcheck.ts";
import { tensor } from "../../toolkit/graph/tensor.ts";
describe("operators/where", () => {
  it("matches finite differences when both choices are broadcast", () =>
    gradcheck("Where", [tensor("bool", [2, 3], Uint8Array.of(1, 0, 1, 1, 0, 0)), [2, 1], [3]]));
});
