import assert from "node:assert/strict";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import { GRADIENT_DOMAIN } from "../../toolkit/graph/ir.ts";
import { fillNormal } from "../../toolkit/graph/random.ts";
import { sizeOf } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import type { Formulation } from "../../toolkit/lowering/formulation.ts";
import { convInputGradient } from "../../toolkit/lowering/formulations/conv-input-gradient.ts";
import { lower } from "../../toolkit/lowering/lower.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { runGraph } from "../support/run-graph.ts";

interface Shape {
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly pads: readonly [number, number];
  readonly dilation?: number;
}

/** dX by one formulation; undefined where it does not serve the shape. */
async function gradient(
  formulation: Formulation,
  { size, kernel, stride, pads, dilation = 1 }: Shape,
): Promise<readonly number[] | undefined> {
  const [begin, end] = pads;
  const output = Math.floor((size + begin + end - (kernel - 1) * dilation - 1) / stride) + 1;
  const b = new GraphBuilder(operators);
  const shapes = { dy: [2, 24, output, output], w: [24, 16, kernel, kernel], x: [2, 16, size, size] };
  const inputs = Object.entries(shapes).map(([name, shape]) => b.input(name, "float32", shape));
  const attrs = {
    kernel_shape: [kernel, kernel],
    strides: [stride, stride],
    dilations: [dilation, dilation],
    pads: [begin, begin, end, end],
  };
  const dx = b.op("ConvInputGradient", inputs, attrs, { domain: GRADIENT_DOMAIN, outputs: ["dx"] });
  let served = false;
  const watched: Formulation = { ...formulation, serves: (site) => (served = formulation.serves(site)) };
  const fallback = convInputGradient.at(-1) as Formulation;
  const table = new Map([[`${GRADIENT_DOMAIN}.ConvInputGradient`, [watched, fallback]]]);
  const lowered = lower(b.build([dx]), { provider: "cpu", dims: new Map() }, operators, table);
  if (!served) return undefined;
  const feeds = Object.entries(shapes).map(([name, shape], i): [string, TensorData] => [
    name,
    { dtype: "float32", shape, data: fillNormal(sizeOf(shape), 7, i) },
  ]);
  return Array.from((await runGraph(lowered, new Map(feeds))).get("dx")?.data ?? [], Number);
}

describe("lowering/formulations/conv-input-gradient", () => {
  const shapes: readonly Shape[] = [
    { size: 2, kernel: 3, stride: 1, pads: [1, 1] },
    { size: 4, kernel: 3, stride: 1, pads: [1, 1] },
    { size: 4, kernel: 3, stride: 1, pads: [0, 1] },
    { size: 6, kernel: 3, stride: 2, pads: [1, 1] },
    { size: 6, kernel: 3, stride: 2, pads: [0, 1] },
    { size: 8, kernel: 1, stride: 2, pads: [0, 0] },
    { size: 8, kernel: 5, stride: 2, pads: [2, 2] },
    { size: 6, kernel: 2, stride: 3, pads: [0, 0] },
    { size: 4, kernel: 3, stride: 1, pads: [2, 2], dilation: 2 },
    { size: 8, kernel: 3, stride: 2, pads: [2, 2], dilation: 2 },
  ];
  for (const shape of shapes) {
    it(`all formulations agree: ${JSON.stringify(shape)}`, async () => {
      const [first, ...others] = convInputGradient.toReversed();
      assert.ok(first);
      const expected = await gradient(first, shape);
      assert.ok(expected, "the general formulation serves every shape");
      assert.ok(expected.some((v) => v !== 0));
      let compared = 0;
      for (const other of others) {
        const actual = await gradient(other, shape);
        if (!actual) continue;
        compared++;
        const gap = Math.max(...expected.map((v, i) => Math.abs(v - (actual[i] ?? Number.NaN))));
        assert.ok(gap < 1e-4, `${other.name} differs by ${gap}`);
      }
      assert.ok(compared > 0, "another formulation serves this shape");
    });
  }
});
