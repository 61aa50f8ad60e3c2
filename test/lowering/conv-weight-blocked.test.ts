import assert from "node:assert/strict";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import { fillNormal } from "../../toolkit/graph/random.ts";
import { float32, sizeOf } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { machineBlockSize } from "../support/blocked.ts";
import { compareForms } from "../support/compare-forms.ts";
import type { RandomNetwork } from "../support/random-network.ts";

interface Case {
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly stride?: number;
  readonly pads?: readonly number[];
  readonly dilation?: number;
  readonly group?: number;
  /** x comes out of another blocked convolution. */
  readonly behind?: boolean;
}

/** Maps of more pixels than a kernel holds are cut into strips; small ones of several images are put together. */
const cases: Readonly<Record<string, Case>> = {
  "a large map": { x: [2, 3, 72, 64], w: [16, 3, 3, 3], pads: [1, 1, 1, 1] },
  "a large map, stride 2, asymmetric pads": { x: [1, 3, 144, 130], w: [16, 3, 7, 7], stride: 2, pads: [3, 3, 2, 3] },
  "a large map, dilation 2": { x: [1, 3, 72, 64], w: [16, 3, 3, 3], pads: [2, 2, 2, 2], dilation: 2 },
  "a large map of a prime height": { x: [1, 3, 71, 64], w: [16, 3, 3, 3], pads: [1, 1, 1, 1] },
  "a large blocked map": { x: [1, 16, 66, 65], w: [16, 16, 2, 3], behind: true },
  "a large depthwise map": { x: [2, 16, 66, 65], w: [16, 1, 3, 3], pads: [1, 1, 1, 1], group: 16, behind: true },
  "twelve small maps": { x: [12, 16, 4, 4], w: [32, 16, 3, 3], pads: [1, 1, 1, 1], behind: true },
  "a block of small maps": { x: [16, 16, 5, 4], w: [32, 16, 3, 3], stride: 2, pads: [1, 1, 1, 1], behind: true },
  "two blocks of pictures": { x: [32, 3, 5, 6], w: [16, 3, 3, 3], pads: [0, 1, 1, 0] },
  "nineteen maps of one pixel": { x: [19, 16, 1, 1], w: [16, 16, 3, 3], pads: [1, 1, 1, 1] },
};

/** The weight and input gradients of one convolution, and of the bias. */
function gradients({
  x: shape,
  w,
  stride = 1,
  pads = [0, 0, 0, 0],
  dilation = 1,
  group = 1,
  behind,
}: Case): RandomNetwork {
  const b = new GraphBuilder(operators);
  const feeds = new Map<string, TensorData>();
  const input = (name: string, extents: readonly number[]): ReturnType<typeof b.input> => {
    feeds.set(name, float32(extents, fillNormal(sizeOf(extents), 1, feeds.size)));
    return b.input(name, "float32", extents);
  };
  const [, channels = 1] = shape;
  const given = input("x", shape);
  const x = behind ? b.op("Relu", [b.op("Conv", [given, input("first", [channels, channels, 1, 1])])]) : given;
  const filter = input("w", w);
  const [strides, dilations] = [
    [stride, stride],
    [dilation, dilation],
  ];
  const attrs = { kernel_shape: w.slice(2), strides, pads, dilations, group };
  const y = b.op("Conv", [x, filter], attrs);
  const dy = input("dy", y.shape as readonly number[]);
  const outputs = [
    b.gradient("ConvWeightGradient", [dy, x, filter], attrs),
    b.gradient("ConvInputGradient", [dy, filter, x], attrs),
  ];
  return { graph: b.build([y, ...outputs]), feeds, state: new Map([["w", outputs[0]?.name ?? ""]]) };
}

describe("lowering: gradients of blocked convolutions", () => {
  for (const [name, shape] of Object.entries(cases)) {
    it(`are those of the plain forms: ${name}`, async function () {
      const block = await machineBlockSize();
      if (block === 0) this.skip();
      const { differences, forms } = await compareForms(gradients(shape), { block, laid: true });
      assert.deepEqual(differences, []);
      assert.ok(
        [...forms.keys()].some((form) => form.startsWith("conv-weight-blocked")),
        "a blocked form is taken",
      );
    });
  }
});
