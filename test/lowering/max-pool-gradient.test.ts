import assert from "node:assert/strict";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Attributes } from "../../toolkit/graph/ir.ts";
import { GRADIENT_DOMAIN } from "../../toolkit/graph/ir.ts";
import { float32, sizeOf } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { lower } from "../../toolkit/lowering/lower.ts";
import { operators } from "../../toolkit/operators/index.ts";
import type { Provider } from "../../toolkit/runtime/runtime.ts";
import { runGraph } from "../support/run-graph.ts";

async function gradient(
  x: TensorData,
  attrs: Attributes,
  provider: Provider,
): Promise<{ dx: number[]; dy: number[]; y: readonly number[] }> {
  const b = new GraphBuilder(operators);
  const input = b.input("x", "float32", x.shape);
  const y = b.op("MaxPool", [input], attrs);
  const dy = b.input("dy", "float32", y.shape);
  const dx = b.op("MaxPoolGradient", [dy, input, y], attrs, { domain: GRADIENT_DOMAIN, outputs: ["dx"] });
  const shape = y.shape.map(Number);
  const seed = float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => i + 1),
  );
  const lowered = lower(b.build([dx]), { provider, dims: new Map() });
  const results = await runGraph(
    lowered,
    new Map([
      ["x", x],
      ["dy", seed],
    ]),
  );
  return { dx: Array.from(results.get("dx")?.data ?? [], Number), dy: Array.from(seed.data, Number), y: shape };
}

function sum(v: readonly number[]): number {
  return v.reduce((p, q) => p + q, 0);
}

describe("lowering/formulations/max-pool-gradient", () => {
  for (const provider of ["cpu", "webgpu"] as const) {
    for (const value of [0, -3, 5]) {
      it(`sends the gradient of a constant picture of ${value} to the first element of each window on ${provider}`, async () => {
        const x = float32([1, 1, 6, 6], Array<number>(36).fill(value));
        const { dx, dy } = await gradient(x, { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }, provider);
        const expected = Array<number>(36).fill(0);
        // windows begin at -1, 1, 3 in both directions; the first element inside the picture is at 0, 1, 3
        const firsts = [0, 1, 3];
        for (const [r, row] of firsts.entries())
          for (const [q, column] of firsts.entries()) expected[row * 6 + column] = dy[r * 3 + q] ?? 0;
        assert.deepEqual(dx, expected);
      });
    }

    it(`sends the gradient of overlapping equal windows to the first element of each on ${provider}`, async () => {
      const { dx } = await gradient(float32([1, 1, 1, 4], [1, 2, 2, 1]), { kernel_shape: [1, 2] }, provider);
      assert.deepEqual(dx, [0, 1 + 2, 3, 0]);
    });

    it(`takes no notice of storage_order, which only says how indices count, on ${provider}`, async () => {
      const x = float32(
        [1, 2, 4, 6],
        Float32Array.from({ length: 48 }, (_, i) => Math.sin(7 * i)),
      );
      const window = { kernel_shape: [2, 2], strides: [2, 2] };
      const { dx } = await gradient(x, window, provider);
      assert.deepEqual((await gradient(x, { ...window, storage_order: 1 }, provider)).dx, dx);
    });

    it(`keeps the sum of the gradient on pictures with flat halves on ${provider}`, async () => {
      const x = float32(
        [2, 3, 9, 8],
        Float32Array.from({ length: 432 }, (_, i) => (i % 8 < 4 ? 0.5 : Math.sin(i))),
      );
      const { dx, dy } = await gradient(x, { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }, provider);
      assert.equal(sum(dx), sum(dy));
    });
  }
});
