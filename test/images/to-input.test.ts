import assert from "node:assert/strict";
import { imagenetNormalisation, toInput } from "../../toolkit/images/to-input.ts";

const plain = { mean: [0, 0, 0], std: [1, 1, 1] };

describe("images/to-input", () => {
  it("writes planes of red, green and blue, one picture after the other", () => {
    const a = { width: 2, height: 1, data: Uint8Array.of(0, 51, 255, 102, 153, 204) };
    const b = { width: 2, height: 1, data: new Uint8Array(6) };
    const expected = Float32Array.from([0, 0.4, 0.2, 0.6, 1, 0.8, 0, 0, 0, 0, 0, 0]);
    assert.deepEqual(toInput([a, b], plain), expected);
  });

  it("subtracts the mean of a channel and divides by its deviation", () => {
    const grey = { width: 1, height: 1, data: Uint8Array.of(128, 128, 128) };
    const expected = [0, 1, 2].map(
      (c) => (128 / 255 - (imagenetNormalisation.mean[c] ?? 0)) / (imagenetNormalisation.std[c] ?? 0),
    );
    assert.deepEqual(toInput([grey], imagenetNormalisation), Float32Array.from(expected));
  });

  it("fills the array it is given and leaves the rest", () => {
    const out = new Float32Array(5).fill(7);
    const picture = { width: 1, height: 1, data: Uint8Array.of(255, 0, 255) };
    assert.equal(toInput([picture], plain, out), out);
    assert.deepEqual(out, Float32Array.of(1, 0, 1, 7, 7));
  });

  it("refuses pictures of two sizes and an array that is too short", () => {
    const small = { width: 1, height: 1, data: new Uint8Array(3) };
    const large = { width: 2, height: 2, data: new Uint8Array(12) };
    assert.throws(() => toInput([small, large], plain), { code: "E_SHAPE" });
    assert.throws(() => toInput([large], plain, new Float32Array(3)), { code: "E_SHAPE" });
  });
});
