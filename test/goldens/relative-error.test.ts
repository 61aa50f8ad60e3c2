import assert from "node:assert/strict";
import { float32 } from "../../toolkit/graph/tensor.ts";
import { norm, relativeError } from "./relative-error.ts";

const vector = (...values: number[]): ReturnType<typeof float32> => float32([values.length], values);

describe("goldens/relative-error", () => {
  it("norm() is Euclidean", () => assert.equal(norm([3, -4]), 5));

  it("relativeError() compares the norm of the difference with that of the reference", () => {
    const { excess, message } = relativeError("w", vector(3, 4.01), vector(3, 4), 1e-3);
    assert.ok(Math.abs(excess - 2) < 1e-3, String(excess));
    assert.equal(message, "w differs by 2.00e-3 of its norm, allowed is 0.001");
    assert.ok(relativeError("w", vector(3, 4.001), vector(3, 4), 1e-3).excess < 1);
  });

  it("relativeError() allows each element 1e-6 where the reference is zero, and more only for float64's residue of large sums", () => {
    assert.ok(relativeError("w", vector(9e-7, 9e-7), vector(0, 0), 1e-3, 50).excess < 1);
    assert.ok(relativeError("w", vector(2e-6, 0), vector(0, 0), 1e-3, 50).excess > 1);
    assert.ok(relativeError("w", vector(2e-6, 0), vector(1e-17, 0), 1e-3, 50).excess < 1);
    assert.ok(relativeError("w", vector(2e-6, 0), vector(1e-17, 0), 1e-3).excess > 1);
  });

  it("relativeError() fails what is missing, of another shape, or not finite", () => {
    assert.equal(relativeError("w", undefined, vector(1), 1).message, "w is missing");
    assert.equal(relativeError("w", vector(1), vector(1, 2), 1).message, "w has shape [1], expected [2]");
    assert.equal(relativeError("w", vector(Number.NaN), vector(1), 1).message, "w is not finite");
    assert.equal(relativeError("w", vector(Infinity), vector(0), 1).excess, Infinity);
  });
});
