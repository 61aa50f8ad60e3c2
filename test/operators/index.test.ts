import assert from "node:assert/strict";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Dim } from "../../toolkit/graph/ir.ts";
import { key } from "../../toolkit/graph/operator.ts";
import { int64 } from "../../toolkit/graph/tensor.ts";
import { operators } from "../../toolkit/operators/index.ts";

function shapeOf(
  type: string,
  inputs: readonly (readonly Dim[])[],
  attrs = {},
  constants: readonly (readonly number[])[] = [],
): readonly Dim[] {
  const b = new GraphBuilder(operators);
  const values = inputs.map((shape, i) => b.input(`x${i}`, "float32", shape));
  return b.op(type, [...values, ...constants.map((c) => b.constant(int64(c)))], attrs).shape;
}

describe("operators/index", () => {
  it("keys each operator by its own domain and type", () => {
    for (const [name, operator] of operators) assert.equal(name, key(operator));
  });

  it("has a gradient of zero for operators of shapes, comparisons and steps", () => {
    const zero = [
      "Shape",
      "Size",
      "ConstantOfShape",
      "Range",
      "Equal",
      "Greater",
      "Less",
      "GreaterOrEqual",
      "LessOrEqual",
      "Not",
      "And",
      "Or",
    ];
    for (const type of [...zero, "Sign", "Floor", "Ceil", "Round", "ArgMax", "OneHot"]) {
      assert.equal(operators.get(type)?.gradient, null, type);
    }
  });

  it("leaves the gradient of gradient operators unwritten", () => {
    for (const [name, operator] of operators) {
      if (name.startsWith("onnx-graft.") && name !== "onnx-graft.BatchNormalizationTraining")
        assert.equal(operator.gradient, undefined, name);
    }
  });
});

describe("operators/window", () => {
  const w = [8, 3, 3, 3];

  it("keeps a symbolic extent that the window does not change", () => {
    assert.deepEqual(shapeOf("Conv", [["N", 3, "H", "W"], w], { pads: [1, 1, 1, 1] }), ["N", 8, "H", "W"]);
  });

  it("names a changed extent by its formula, the same for convolution and pool", () => {
    const attrs = { pads: [1, 1, 1, 1], strides: [2, 2] };
    const conv = shapeOf("Conv", [["N", 3, "H", "W"], w], attrs);
    const pool = shapeOf("MaxPool", [["N", 3, "H", "W"]], { ...attrs, kernel_shape: [3, 3] });
    assert.deepEqual(conv, ["N", 8, "(floor(H-1/2)+1)", "(floor(W-1/2)+1)"]);
    assert.deepEqual(pool.slice(2), conv.slice(2));
  });

  it("rounds up with ceil_mode, but not into the padding", () => {
    const attrs = { kernel_shape: [2], strides: [2], ceil_mode: 1 };
    assert.deepEqual(shapeOf("MaxPool", [[1, 1, 5]], attrs), [1, 1, 3]);
    assert.deepEqual(shapeOf("MaxPool", [[1, 1, 5]], { ...attrs, pads: [0, 1] }), [1, 1, 3]);
    assert.deepEqual(shapeOf("MaxPool", [[1, 1, 6]], { ...attrs, pads: [1, 1] }), [1, 1, 4]);
  });

  it("refuses a window larger than the padded extent", () => {
    assert.throws(() => shapeOf("Conv", [[1, 3, 2, 2], w]), /window is larger/);
  });

  it("refuses a filter for another number of channels", () => {
    assert.throws(() => shapeOf("Conv", [[1, 4, 8, 8], w]), /reads 3 channels, the input has 4/);
  });
});

describe("operators/dims", () => {
  it("works out what -1 stands for in Reshape while the batch has a name", () => {
    assert.deepEqual(shapeOf("Reshape", [["N", 512, 1, 1]], {}, [[-1, 512]]), ["N", 512]);
    assert.deepEqual(shapeOf("Reshape", [["N", 4, 4]], {}, [[0, -1]]), ["N", 16]);
    assert.deepEqual(shapeOf("Reshape", [["N", 4]], {}, [[-1]]), ["N*4"]);
    assert.deepEqual(shapeOf("Reshape", [["N*4"]], {}, [[-1, 4]]), ["N", 4]);
  });

  it("refuses a Reshape that does not fit", () => {
    assert.throws(() => shapeOf("Reshape", [[2, 3]], {}, [[4, 2]]), /Cannot reshape \[2,3\] to \[4,2\]/);
    assert.throws(() => shapeOf("Reshape", [[2, 3]], {}, [[4, -1]]), /Cannot reshape/);
  });

  it("adds symbolic extents in Concat", () => {
    assert.deepEqual(
      shapeOf(
        "Concat",
        [
          ["N", 3],
          ["N", 4],
        ],
        { axis: 1 },
      ),
      ["N", 7],
    );
    assert.deepEqual(
      shapeOf(
        "Concat",
        [
          ["N", 3],
          [2, 3],
        ],
        { axis: 0 },
      ),
      ["(N+2)", 3],
    );
  });

  it("flattens behind the batch", () => {
    assert.deepEqual(shapeOf("Flatten", [["N", 2, 3]]), ["N", 6]);
  });
});
