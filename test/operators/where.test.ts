import { tensor } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { gradcheck } from "../support/gradcheck.ts";

const condition = (shape: readonly number[], ...values: readonly number[]): TensorData =>
  tensor("bool", shape, Uint8Array.from(values));

describe("operators/where", () => {
  it("matches finite differences", async () => {
    await gradcheck("Where", [condition([2, 2], 1, 0, 0, 1), [2, 2], [2, 2]]);
    await gradcheck("Where", [condition([4], 1, 0, 1, 1), [4], [4]]);
    await gradcheck("Where", [condition([1, 2, 1, 2], 0, 1, 1, 0), [1, 2, 1, 2], [1, 2, 1, 2]]);
  });

  it("matches finite differences when both choices are broadcast", () =>
    gradcheck("Where", [condition([2, 3], 1, 0, 1, 1, 0, 0), [2, 1], [3]]));

  it("matches finite differences when the condition is broadcast", async () => {
    await gradcheck("Where", [condition([1, 3], 1, 0, 1), [2, 2, 3], [1]]);
    await gradcheck("Where", [condition([], 1), [2, 1], [1, 3]]);
    await gradcheck("Where", [condition([2, 1], 1, 0), [], [2, 4]]);
  });

  it("matches finite differences for a batch of unknown size", () =>
    gradcheck("Where", [condition([3], 1, 0, 1), ["N", 3], [1]], {}, { dims: { N: 2 }, unbound: true }));
});
