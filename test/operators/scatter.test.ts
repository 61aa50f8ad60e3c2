import assert from "node:assert/strict";
import { tensor } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { gradcheck } from "../support/gradcheck.ts";

const indices = (shape: readonly number[], values: readonly number[]): TensorData =>
  tensor("int64", shape, BigInt64Array.from(values, BigInt));

describe("operators/scatter", () => {
  for (const reduction of ["none", "add"]) {
    it(`ScatterElements matches finite differences: ${reduction}`, async () => {
      await gradcheck("ScatterElements", [[3, 2], indices([2, 2], [0, 1, 2, -1]), [2, 2]], { reduction });
      await gradcheck("ScatterElements", [[3, 4], indices([3, 1], [0, 3, -1]), [3, 1]], { axis: 1, reduction });
      await gradcheck("ScatterElements", [[1, 3, 2], indices([1, 1, 2], [2, 0]), [1, 1, 2]], { axis: -2, reduction });
      await gradcheck("ScatterElements", [[5], indices([3], [4, 0, 2]), [3]], { reduction });
      await gradcheck(
        "ScatterElements",
        [["N", 3], indices([2, 1], [2, 0]), [2, 1]],
        { axis: 1, reduction },
        { dims: { N: 2 }, unbound: true },
      );
    });

    it(`ScatterND matches finite differences: ${reduction}`, async () => {
      await gradcheck("ScatterND", [[3, 2], indices([2, 2], [0, 0, 2, -1]), [2]], { reduction });
      await gradcheck("ScatterND", [[4, 2], indices([2, 1], [1, 3]), [2, 2]], { reduction });
      await gradcheck("ScatterND", [[2, 3, 2], indices([1, 2, 2], [0, 2, 1, 1]), [1, 2, 2]], { reduction });
      await gradcheck("ScatterND", [[1, 3], indices([1, 1], [0]), [1, 3]], { reduction });
      await gradcheck(
        "ScatterND",
        [["N", 3], indices([1, 1], [-1]), [1, 3]],
        { reduction },
        { dims: { N: 2 }, unbound: true },
      );
    });
  }

  it("matches finite differences where two updates are added to one element", async () => {
    await gradcheck("ScatterElements", [[3], indices([3], [1, 1, 0]), [3]], { reduction: "add" });
    await gradcheck("ScatterND", [[3, 2], indices([2, 1], [1, 1]), [2, 2]], { reduction: "add" });
  });

  it("refuses the gradient of a product", () =>
    assert.rejects(
      gradcheck("ScatterElements", [[3], indices([1], [1]), [1]], { reduction: "mul" }),
      (error) => error instanceof Error && "code" in error && error.code === "E_NO_GRADIENT",
    ));
});
