import assert from "node:assert/strict";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Dim } from "../../toolkit/graph/ir.ts";
import { int64 } from "../../toolkit/graph/tensor.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { gradcheck } from "../support/gradcheck.ts";

describe("operators/reshape", () => {
  it("Reshape matches finite differences", async () => {
    await gradcheck("Reshape", [[2, 3, 4], int64([4, -1])]);
    await gradcheck("Reshape", [[6], int64([2, 1, 3])]);
    await gradcheck("Reshape", [[1, 1], int64([-1])]);
    await gradcheck("Reshape", [[2, 3], int64([0, 3, 1])]);
    await gradcheck("Reshape", [[2, 2, 2], int64([2, 2, 2])], { allowzero: 1 });
  });
  it("Reshape matches finite differences for a batch of unknown size", () =>
    gradcheck("Reshape", [["N", 3, 4], int64([0, -1])], {}, { dims: { N: 2 }, unbound: true }));
  it("Reshape matches finite differences where two extents are unknown", () =>
    gradcheck("Reshape", [["N", 3, "H"], int64([-1])], {}, { dims: { N: 2, H: 4 }, unbound: true }));

  it("Flatten matches finite differences", async () => {
    await gradcheck("Flatten", [["N", 3, 4]], {}, { dims: { N: 2 }, unbound: true });
    await gradcheck("Flatten", [["N", 3, "H", "W"]], {}, { dims: { N: 2, H: 2, W: 3 }, unbound: true });
    await gradcheck("Flatten", [[2, 3, 4]], { axis: -1 });
    await gradcheck("Flatten", [[2, 3, 4]], { axis: 0 });
    await gradcheck("Flatten", [[1, 3, 2]], { axis: 3 });
    await gradcheck("Flatten", [[5]], { axis: 0 });
  });

  const shapeOf = (shape: readonly Dim[], target: readonly number[]): readonly Dim[] => {
    const b = new GraphBuilder(operators);
    return b.op("Reshape", [b.input("x", "float32", shape), b.ints(target)]).shape;
  };

  it("works out what -1 stands for while the batch has a name", () => {
    assert.deepEqual(shapeOf(["N", 512, 1, 1], [-1, 512]), ["N", 512]);
    assert.deepEqual(shapeOf(["N", 4, 4], [0, -1]), ["N", 16]);
    assert.deepEqual(shapeOf(["N", 4], [-1]), ["N*4"]);
    assert.deepEqual(shapeOf(["N*4"], [-1, 4]), ["N", 4]);
  });

  it("refuses a target that does not fit", () => {
    assert.throws(() => shapeOf([2, 3], [4, 2]), /Cannot reshape \[2,3\] to \[4,2\]/);
    assert.throws(() => shapeOf([2, 3], [4, -1]), /Cannot reshape/);
  });

  it("names extents that are computed by what they are computed from", () => {
    const b = new GraphBuilder(operators);
    const x = b.input("x", "float32", ["A"]);
    const shapes = ["s", "t"].map((name) => b.input(name, "int64", [2]));
    const [first, second] = shapes.map((shape) => b.op("Reshape", [x, shape]).shape);
    assert.equal(first?.length, 2);
    assert.notDeepEqual(first, second);
  });

  it("flattens behind the batch", () => {
    const b = new GraphBuilder(operators);
    assert.deepEqual(b.op("Flatten", [b.input("x", "float32", ["N", 2, 3])]).shape, ["N", 6]);
  });
});
