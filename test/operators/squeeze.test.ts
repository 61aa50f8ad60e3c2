import assert from "node:assert/strict";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import { int64 } from "../../toolkit/graph/tensor.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { gradcheck } from "../support/gradcheck.ts";

describe("operators/squeeze", () => {
  const free = { dims: { N: 2 }, unbound: true };

  it("Squeeze matches finite differences", async () => {
    await gradcheck("Squeeze", [[2, 1, 3, 1], int64([1, -1])]);
    await gradcheck("Squeeze", [[1, 4], int64([0])]);
    await gradcheck("Squeeze", [[1, 1], int64([-1, -2])]);
    await gradcheck("Squeeze", [[2, 1, 1], int64([-1])]);
    await gradcheck("Squeeze", [["N", 1, 2], int64([1])], {}, free);
  });

  it("Squeeze matches finite differences without axes", async () => {
    await gradcheck("Squeeze", [[2, 1, 3, 1]]);
    await gradcheck("Squeeze", [[2, 3]]);
  });

  it("Unsqueeze matches finite differences", async () => {
    await gradcheck("Unsqueeze", [["N", 3], int64([0, -1])], {}, free);
    await gradcheck("Unsqueeze", [[3], int64([1])]);
    await gradcheck("Unsqueeze", [[], int64([0])]);
    await gradcheck("Unsqueeze", [[2, 3], int64([-2])]);
    await gradcheck("Unsqueeze", [[1, 2], int64([3, 0])]);
  });

  it("refuses axes that are worked out while the graph runs", () => {
    for (const type of ["Squeeze", "Unsqueeze"]) {
      const b = new GraphBuilder(operators);
      const inputs = [b.input("x", "float32", [1, 2]), b.input("axes", "int64", [1])];
      assert.throws(() => b.op(type, inputs), /its axes are no constant/);
    }
  });
});
