import assert from "node:assert/strict";
import { cornersOf, perspectiveMatrix } from "../../../toolkit/images/augment/perspective.ts";
import type { Corners } from "../../../toolkit/images/augment/perspective.ts";

const from = cornersOf({ width: 50, height: 40 });
const to: Corners = [
  [3, 2],
  [45, 1],
  [47, 33],
  [1, 36],
];

describe("images/augment/perspective", () => {
  it("perspectiveMatrix() takes each corner of the result to that of the picture", () => {
    const [a, b, c, d, e, f, g, h] = perspectiveMatrix(from, to);
    for (const [i, [x, y]] of to.entries()) {
      const depth = g * x + h * y + 1;
      const [u, v] = from[i] ?? [0, 0];
      assert.ok(Math.abs((a * x + b * y + c) / depth - u) < 1e-4);
      assert.ok(Math.abs((d * x + e * y + f) / depth - v) < 1e-4);
    }
  });

  it("perspectiveMatrix() is the identity where nothing moves", () => {
    for (const [i, value] of perspectiveMatrix(from, from).entries()) {
      assert.ok(Math.abs(value - (i === 0 || i === 4 ? 1 : 0)) < 1e-12, `${i}: ${value}`);
    }
  });
});
