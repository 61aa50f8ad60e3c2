import { int64, scalar, tensor } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { gradcheck } from "../support/gradcheck.ts";

const indices = (shape: readonly number[], values: readonly number[]): TensorData =>
  tensor("int64", shape, BigInt64Array.from(values, BigInt));

describe("operators/gather", () => {
  for (const axis of [0, 1, -1]) {
    it(`Gather matches finite differences along axis ${axis} where elements are taken twice`, () =>
      gradcheck("Gather", [[4, 4, 4], int64([2, 0, -1, 2])], { axis }));
    it(`Gather matches finite differences along axis ${axis} with a matrix of indices`, () =>
      gradcheck("Gather", [[4, 4, 4], indices([2, 3], [0, 1, 1, 3, -2, 0])], { axis }));
    it(`Gather matches finite differences along axis ${axis} with one index`, () =>
      gradcheck("Gather", [[4, 4, 4], scalar(2, "int64")], { axis }));
    it(`Gather matches finite differences along axis ${axis} with indices of rank 3`, () =>
      gradcheck("Gather", [[3, 2, 1, 3], indices([1, 2, 2], [0, -1, 0, 0])], { axis }));
  }

  it("Gather matches finite differences for extents of unknown size", async () => {
    await gradcheck("Gather", [["N", 4], int64([1, 1])], { axis: 1 }, { dims: { N: 2 }, unbound: true });
    const matrix = indices([2, 2], [0, 1, 1, -1]);
    await gradcheck("Gather", [["V", "D"], matrix], {}, { dims: { V: 3, D: 2 }, unbound: true });
    await gradcheck("Gather", [["N", 3, "W"], matrix], { axis: 1 }, { dims: { N: 2, W: 2 }, unbound: true });
    await gradcheck("Gather", [["N", 3, "W"], matrix], { axis: 1 }, { dims: { N: 2, W: 2 } });
  });

  it("GatherElements matches finite differences", async () => {
    await gradcheck("GatherElements", [[3, 2], indices([2, 2], [0, -1, 0, 2])]);
    await gradcheck("GatherElements", [[3, 2], indices([3, 4], [0, 1, 1, -1, 0, 0, 0, 1, 1, 1, 0, -2])], { axis: 1 });
    await gradcheck("GatherElements", [[1, 3, 2], indices([1, 2, 1], [2, 2])], { axis: -2 });
    await gradcheck("GatherElements", [[4], indices([6], [0, 0, 3, 1, -1, 2])]);
    await gradcheck(
      "GatherElements",
      [["N", 3], indices([2, 2], [2, 0, 1, 1])],
      { axis: -1 },
      { dims: { N: 2 }, unbound: true },
    );
  });

  it("GatherND matches finite differences", async () => {
    await gradcheck("GatherND", [[3, 2], indices([3, 2], [0, 0, 2, -1, 0, 0])]);
    await gradcheck("GatherND", [[3, 2], indices([2, 1], [1, 1])]);
    await gradcheck("GatherND", [[2, 3, 2], indices([2, 2, 1], [0, 2, -1, 1])], { batch_dims: 1 });
    await gradcheck("GatherND", [[1, 4], indices([1, 2, 1], [3, 3])], { batch_dims: 1 });
    await gradcheck("GatherND", [["N", "W"], indices([2, 1, 1], [1, 0])], {}, { dims: { N: 2, W: 3 }, unbound: true });
  });
});
