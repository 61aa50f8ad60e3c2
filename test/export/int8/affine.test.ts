import assert from "node:assert/strict";
import { int32Bias, int8Weight, meanError, uint8Over } from "../../../toolkit/export/int8/affine.ts";
import type { Int8Weight } from "../../../toolkit/export/int8/affine.ts";
import { fillNormal, fillUniform } from "../../../toolkit/graph/random.ts";
import { float32, sizeOf } from "../../../toolkit/graph/tensor.ts";

const NONE = new Float64Array(3);

function value({ integers, scales }: Int8Weight, i: number, channel: number, zeroPoint = 0): number {
  return (Number(integers.data[i]) - zeroPoint) * (scales[channel] ?? 0);
}

describe("export/int8/affine", () => {
  it("uint8Over reaches from end to end and writes 0 exactly", () => {
    for (const [low, high] of [
      [0, 6],
      [-1, 1],
      [-2.1, 2.7],
      [-5, 0],
    ] as const) {
      const { scale, zeroPoint } = uint8Over({ low, high });
      assert.ok(Number.isInteger(zeroPoint) && zeroPoint >= 0 && zeroPoint <= 255);
      assert.ok(Math.abs((0 - zeroPoint) * scale - low) <= scale / 2 + 1e-6);
      assert.ok(Math.abs((255 - zeroPoint) * scale - high) <= scale / 2 + 1e-6);
    }
  });

  for (const zeroPoint of [0, 1] as const) {
    for (const bits of [8, 7] as const) {
      it(`int8Weight is within half a step, with ${bits} bits around ${zeroPoint}`, () => {
        const weight = float32([3, 4], fillNormal(12, 1, 1, 0, 0.3));
        const rounded = int8Weight(weight, 0, NONE, { bits, zeroPoint });
        const limit = bits === 8 ? 127 : 63;
        for (const [i, v] of (weight.data as Float32Array).entries()) {
          const c = Math.floor(i / 4);
          assert.ok(Math.abs(value(rounded, i, c, zeroPoint) - v) <= (rounded.scales[c] ?? 0) * 0.501, `${i}`);
          assert.ok(Math.abs(Number(rounded.integers.data[i])) <= limit);
        }
      });
    }
  }

  it("int8Weight has a scale for each index of its axis, whichever that is", () => {
    const weight = float32([2, 3], [1, 10, 100, -1, 5, 50]);
    assert.deepEqual(
      Array.from(int8Weight(weight, 1, NONE, { bits: 8, zeroPoint: 0 }).scales, (s) => Math.round(s * 127)),
      [1, 10, 100],
    );
    assert.deepEqual(
      Array.from(int8Weight(weight, 0, NONE, { bits: 8, zeroPoint: 0 }).scales, (s) => Math.round(s * 127)),
      [100, 50],
    );
  });

  it("a channel of zeros, or of next to nothing, keeps a large bias", () => {
    const weight = float32([3, 2], [0, 0, 1e-12, -1e-12, 1, 1]);
    const bias = float32([3], [5, 7, 0.1]);
    const unit = 0.02;
    const units = Float64Array.from(bias.data as Float32Array, (b) => Math.abs(b) / unit);
    const { scales } = int8Weight(weight, 0, units, { bits: 8, zeroPoint: 0 });
    const both = scales.map((s) => s * unit);
    const integers = int32Bias(bias, NONE, both);
    for (const [c, b] of (bias.data as Float32Array).entries()) {
      assert.ok(Math.abs(Number(integers.data[c]) * (both[c] ?? 0) - b) < 1e-3, `channel ${c}`);
    }
  });

  const shapes: readonly (readonly [what: string, shape: readonly number[], axis: 0 | 1, groups: number])[] = [
    ["a convolution", [6, 4, 3, 3], 0, 1],
    ["a grouped convolution", [6, 2, 3, 3], 0, 2],
    ["a depthwise convolution", [4, 1, 3, 3], 0, 4],
    ["rows [O,I]", [5, 4], 0, 1],
    ["columns [I,O]", [4, 5], 1, 1],
  ];
  for (const [what, shape, axis, groups] of shapes) {
    it(`meanError is what rounding adds on inputs that are their means, for ${what}`, () => {
      const weight = float32(shape, fillNormal(sizeOf(shape), 4, 1));
      const means = Float64Array.from(fillUniform(4, 5, 1));
      const rounded = int8Weight(weight, axis, new Float64Array(6), { bits: 7, zeroPoint: 1 });
      const [outputs = 1, perGroup = 1] = axis === 0 ? shape : shape.toReversed();
      const taps = axis === 0 ? (shape[2] ?? 1) * (shape[3] ?? 1) : 1;
      const expected = Array.from({ length: outputs }, (_, o) => {
        let sum = 0;
        for (let c = 0; c < perGroup; c++) {
          for (let k = 0; k < taps; k++) {
            const i = axis === 0 ? (o * perGroup + c) * taps + k : c * outputs + o;
            const channel = Math.floor(o / (outputs / groups)) * perGroup + c;
            sum += (value(rounded, i, o, 1) - Number(weight.data[i])) * (means[channel] ?? 0);
          }
        }
        return sum;
      });
      const found = meanError({ weight, rounded, axis, zeroPoint: 1, groups, means });
      assert.ok(expected.some((v) => Math.abs(v) > 1e-4));
      for (const [o, v] of expected.entries()) assert.ok(Math.abs((found[o] ?? 0) - v) < 1e-9, `output ${o}`);
    });
  }
});
