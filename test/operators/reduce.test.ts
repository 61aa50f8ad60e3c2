import { gradcheck } from "../support/gradcheck.ts";
import { int64 } from "../../toolkit/graph/tensor.ts";
describe("operators/reduce", () => {
  for (const keepdims of [0, 1]) {
    it(`ReduceSum matches finite differences with keepdims ${keepdims}`, () =>
      gradcheck("ReduceSum", [[2, 3, 4], int64([0, -1])], { keepdims }));
    it(`ReduceMean matches finite differences with keepdims ${keepdims}`, () =>
      gradcheck("ReduceMean", [[2, 3, 4]], { axes: [-1, 1], keepdims }));
    it(`ReduceMax matches finite differences with keepdims ${keepdims}`, () =>
      gradcheck("ReduceMax", [[2, 3, 4]], { axes: [1], keepdims }, { draw: "distinct" }));
    it(`ReduceMin matches finite differences with keepdims ${keepdims}`, () =>
      gradcheck("ReduceMin", [[2, 3, 4]], { axes: [1], keepdims }, { draw: "distinct" }));
    it(`ReduceSum over a batch of unknown size matches finite differences with keepdims ${keepdims}`, () =>
      gradcheck("ReduceSum", [["N", 3], int64([0])], { keepdims }, { dims: { N: 4 }, unbound: true }));
    it(`ReduceMean over extents of unknown size matches finite differences with keepdims ${keepdims}`, () =>
      gradcheck("ReduceMean", [["N", 3, "H"]], { axes: [0, 2], keepdims }, { dims: { N: 4, H: 2 }, unbound: true }));
  }
  it("ReduceSum and ReduceMean over everything match finite differences", async () => {
    await gradcheck("ReduceSum", [[2, 3]], { keepdims: 0 });
    await gradcheck("ReduceMean", [[2, 3]], { keepdims: 0 });
  });
  it("ReduceSum that is told to do nothing matches finite differences", () =>
    gradcheck("ReduceSum", [[2, 3]], { noop_with_empty_axes: 1 }));
});
