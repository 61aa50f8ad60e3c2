import assert from "node:assert/strict";
import type { Attributes } from "../../toolkit/graph/ir.ts";
import { float32, int64, scalar, toNumbers } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { encodeModel } from "../../toolkit/onnx/encode.ts";
import { evaluate } from "../../toolkit/operators/evaluate.ts";
import { foldConstants } from "../../toolkit/passes/fold-constants.ts";
import { difference, operatorsOf, random, rawModel, runModel } from "../passes/raw-model.ts";
import { smallGraph } from "../passes/small-graph.ts";

/** The evaluator's result, and ONNX Runtime's. */
async function both(op: string, inputs: readonly TensorData[], attrs: Attributes = {}): Promise<void> {
  const names = inputs.map((_, i) => `c${i}`);
  const constants = Object.fromEntries(inputs.map((t, i) => [`c${i}`, t]));
  const model = rawModel({ opset: 17, inputs: {}, constants, nodes: [[op, names, ["y"], attrs]], outputs: ["y"] });
  const expected = (await runModel(encodeModel(model), new Map())).get("y");
  const actual = evaluate(op, inputs, attrs);
  assert.equal(actual?.dtype, expected?.dtype, op);
  assert.ok(difference(actual, expected) < 1e-6, op);
}

describe("operators/evaluate", () => {
  it("moves elements as ONNX Runtime does", async () => {
    const x = random([2, 3, 4]);
    await both("Transpose", [x], { perm: [2, 0, 1] });
    await both("Transpose", [x]);
    await both("Reshape", [x, int64([0, -1])]);
    await both("Flatten", [x], { axis: -1 });
    await both("Unsqueeze", [x, int64([0, -1])]);
    await both("Squeeze", [random([1, 3, 1]), int64([-1])]);
    await both("Squeeze", [random([1, 3, 1])]);
    await both("Expand", [random([3, 1]), int64([2, 1, 4])]);
    await both("Gather", [x, { ...int64([-1, 0]), shape: [1, 2] }], { axis: 1 });
    await both("Slice", [x, int64([1, -3]), int64([9, -1]), int64([1, 2])]);
    await both("Slice", [x, int64([-1]), int64([-9]), int64([2]), int64([-2])]);
    await both("Concat", [x, random([2, 1, 4], 2)], { axis: 1 });
  });

  it("computes as ONNX Runtime does, with broadcasting", async () => {
    const [a, b] = [random([2, 3], 1), random([3], 2)];
    for (const op of ["Add", "Sub", "Mul", "Div", "Min", "Max", "Sum", "Mean"]) await both(op, [a, b]);
    const positive = float32([2], [0.5, 4]);
    for (const op of ["Sqrt", "Exp", "Log", "Neg", "Abs", "Floor", "Ceil", "Reciprocal"]) await both(op, [positive]);
    for (const op of ["Sin", "Cos", "Sign"]) await both(op, [float32([3], [-2, 0, 1.5])]);
    await both("Pow", [positive, scalar(3)]);
    const [p, q] = [int64([7, -7]), int64([2, 2])];
    await both("Div", [p, q]);
    await both("Mod", [p, q]);
    await both("Mod", [p, q], { fmod: 1 });
    for (const op of ["Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual"]) await both(op, [p, int64([7])]);
    const yes = { dtype: "bool", shape: [2], data: Uint8Array.of(1, 0) } as const;
    for (const op of ["And", "Or"]) await both(op, [yes, { ...yes, data: Uint8Array.of(0, 0) }]);
    await both("Not", [yes]);
    await both(
      "Where",
      [yes, a, a].map((t, i) => (i === 0 ? t : random([2], i))),
    );
  });

  it("computes shapes as ONNX Runtime does", async () => {
    const x = random([2, 3, 4]);
    await both("Shape", [x]);
    await both("Shape", [x], { start: -2, end: 2 });
    await both("Size", [x]);
    await both("ConstantOfShape", [int64([2, 1])], { value: int64([5]) });
    await both("ConstantOfShape", [int64([2])]);
    await both("Range", [scalar(1, "int64"), scalar(8, "int64"), scalar(3, "int64")]);
    await both("ReduceProd", [int64([2, 3])], { keepdims: 0 });
    await both("Cast", [float32([3], [1.9, -1.9, 0])], { to: 7 });
    await both("Cast", [int64([0, 3])], { to: 9 });
    await both("Cast", [int64([0, 3])], { to: 1 });
  });

  it("keeps the largest int64 what it is, which no double can hold", async () => {
    const largest = { dtype: "int64", shape: [1], data: BigInt64Array.of(2n ** 63n - 1n) } as const;
    await both("Min", [largest, largest]);
    await both("Where", [{ dtype: "bool", shape: [1], data: Uint8Array.of(1) }, largest, int64([0])]);
    assert.deepEqual(evaluate("Min", [largest], {})?.data, largest.data);
  });

  it("leaves integers that are no finite number to the runtime", () => {
    for (const value of [Infinity, -Infinity, NaN])
      for (const to of [6, 7]) assert.equal(evaluate("Cast", [float32([1], [value])], { to }), undefined);
    assert.equal(evaluate("Div", [int64([1]), int64([0])], {}), undefined);
    assert.equal(evaluate("ReduceMin", [int64([])], {}), undefined);
    assert.deepEqual(evaluate("Div", [float32([1], [1]), float32([1], [0])], {})?.data, Float32Array.of(Infinity));
  });

  it("knows nothing of operators it does not compute, and of omitted inputs", () => {
    assert.equal(evaluate("Conv", [random([1, 1, 3, 3]), random([1, 1, 3, 3])], {}), undefined);
    assert.equal(evaluate("Add", [undefined, scalar(1)], {}), undefined);
    assert.equal(evaluate("ReduceProd", [random([2])], {}), undefined);
  });

  it("foldConstants() computes constant nodes under their names and leaves the rest", () => {
    const graph = smallGraph(["N", 2], (b, x) => {
      const c = b.op("Add", [b.scalar(1), b.scalar(2)], {}, { outputs: ["three"] });
      return [b.op("Mul", [x, b.op("Neg", [c], {}, { outputs: ["minus"] })])];
    });
    const folded = foldConstants(graph);
    assert.deepEqual(operatorsOf(folded), ["Mul"]);
    assert.deepEqual(
      [...folded.constants].map(([name, t]) => [name, toNumbers(t)]),
      [["minus", [-3]]],
    );
    assert.equal(foldConstants(graph, (node) => node.op === "Add").nodes.length, 2);
  });
});
