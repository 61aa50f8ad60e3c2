import { gradcheck } from "../support/gradcheck.ts";
import { int64, scalar, tensor } from "../../toolkit/graph/tensor.ts";
describe("operators/gather", () => {
  for (const axis of [0, 1, -1]) {
    it(`matches finite differences along axis ${axis} where elements are taken twice`, () =>
      gradcheck("Gather", [[4, 4, 4], int64([2, 0, -1, 2])], { axis }));
    it(`matches finite differences along axis ${axis} with a matrix of indices`, () =>
      gradcheck("Gather", [[4, 4, 4], tensor("int64", [2, 3], BigInt64Array.of(0n, 1n, 1n, 3n, 2n, 0n))], { axis }));
    it(`matches finite differences along axis ${axis} with one index`, () =>
      gradcheck("Gather", [[4, 4, 4], scalar(2, "int64")], { axis }));
  }
  it("matches finite differences for a batch of unknown size", () =>
    gradcheck("Gather", [["N", 4], int64([1, 1])], { axis: 1 }, { dims: { N: 2 }, unbound: true }));
});
