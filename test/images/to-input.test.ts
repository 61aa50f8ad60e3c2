import assert from "node:assert/strict";
import { imagenetNormalisation, toInput } from "../../toolkit/images/to-input.ts";

const plain = { mean: [0, 0, 0], std: [1, 1, 1] };

describe("images/to-input", () => {
  it("writes planes of red, green and blue, one picture after the other", () => {
    const data = Uint8Array.of(0, 51, 255, 102, 153, 204, 0, 0, 0, 0, 0, 0);
    const expected = Float32Array.from([0, 0.4, 0.2, 0.6, 1, 0.8, 0, 0, 0, 0, 0, 0]);
    assert.deepEqual(toInput({ width: 2, height: 2, data }, 2, plain), expected);
  });

  it("subtracts the mean of a channel and divides by its deviation", () => {
    const grey = { width: 1, height: 1, data: Uint8Array.of(128, 128, 128) };
    const expected = [0, 1, 2].map(
      (c) => (128 / 255 - (imagenetNormalisation.mean[c] ?? 0)) / (imagenetNormalisation.std[c] ?? 0),
    );
    assert.deepEqual(toInput(grey, 1, imagenetNormalisation), Float32Array.from(expected));
  });

  it("refuses pixels that are not so many pictures", () => {
    const three = { width: 1, height: 3, data: new Uint8Array(9) };
    assert.throws(() => toInput(three, 2, plain), { code: "E_SHAPE" });
    assert.throws(() => toInput({ ...three, data: new Uint8Array(8) }, 3, plain), { code: "E_SHAPE" });
  });
});
