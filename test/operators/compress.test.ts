import assert from "node:assert/strict";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import { tensor } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { gradcheck } from "../support/gradcheck.ts";

const condition = (...values: readonly number[]): TensorData =>
  tensor("bool", [values.length], Uint8Array.from(values));

describe("operators/compress", () => {
  it("matches finite differences", async () => {
    await gradcheck("Compress", [[4], condition(1, 0, 0, 1)]);
    await gradcheck("Compress", [[3, 2], condition(0, 1, 1)], { axis: 0 });
    await gradcheck("Compress", [[2, 3, 2], condition(1, 0, 1)], { axis: -2 });
    await gradcheck("Compress", [[1, 4], condition(0, 1, 1, 1)]);
    await gradcheck("Compress", [["N", 3], condition(1, 0, 1)], { axis: 1 }, { dims: { N: 2 }, unbound: true });
  });

  it("matches finite differences as it is written for WebGPU, which has no kernel of it", async () => {
    const options = { dtype: "float32", provider: "webgpu" } as const;
    await gradcheck("Compress", [[3, 2], condition(0, 1, 1)], { axis: 0 }, options);
    await gradcheck("Compress", [[2, 3, 2], condition(1, 0, 1)], { axis: -2 }, options);
    await gradcheck("Compress", [[2, 3], condition(0, 1, 1, 0, 1)], {}, options);
    await gradcheck("Compress", [[2, 3], condition(0, 1, 0, 1)], { axis: 1 }, options);
    const unbound = { ...options, dims: { N: 2 }, unbound: true };
    await gradcheck("Compress", [["N", 3], condition(1, 0, 1)], { axis: 1 }, unbound);
  });

  it("counts what a constant condition keeps", () => {
    const b = new GraphBuilder(operators);
    const x = b.input("x", "float32", ["N", 3]);
    assert.deepEqual(b.op("Compress", [x, b.constant(condition(1, 0, 1))], { axis: 1 }).shape, ["N", 2]);
    assert.deepEqual(b.op("Compress", [x, b.constant(condition(1, 0, 1, 1))], { axis: 1 }).shape, ["N", 2]);
    assert.deepEqual(b.op("Compress", [x, b.input("c", "bool", [3])]).shape, ["compressed(c)"]);
  });
});
