import assert from "node:assert/strict";
import type { Attributes } from "../../../toolkit/graph/ir.ts";
import { float32, int64 } from "../../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../../toolkit/graph/tensor.ts";
import { normalise } from "../../../toolkit/passes/normalise.ts";
import { operatorsOf, rawModel } from "../raw-model.ts";
import type { RawModel } from "../raw-model.ts";
import { oneNode, sameAfter } from "./one-node.ts";

const factors = (...values: readonly number[]): TensorData => float32([values.length], values);
const MAPS = [2, 3, 4, 5];

/** A Resize of opset 11 and later, of `x` by constants called scales or sizes. */
function resize(
  opset: number,
  constants: { readonly scales: TensorData } | { readonly sizes: TensorData },
  attrs: Attributes = {},
  shape: readonly (number | string)[] = MAPS,
): RawModel {
  const inputs = "scales" in constants ? ["x", "", "scales"] : ["x", "", "", "sizes"];
  const held = "scales" in constants ? { scales: constants.scales } : { sizes: constants.sizes };
  // opset 11 wants an input where later ones allow none
  const region = opset < 13 ? { none: factors() } : {};
  const named = opset < 13 ? inputs.map((name) => (name === "" ? "none" : name)) : inputs;
  return oneNode(opset, shape, ["Resize", named, ["y"], attrs], { ...held, ...region });
}

describe("passes/normalise/resize", () => {
  const list = [1, 1, 2, 1.5];

  it("writes Upsample as Resize", async () => {
    for (const mode of ["nearest", "linear"]) {
      const upsample: Attributes = { mode, scales: { float: list } };
      for (const opset of [7, 8]) {
        assert.deepEqual(await sameAfter(oneNode(opset, MAPS, ["Upsample", ["x"], ["y"], upsample])), ["Resize"]);
      }
      const raw = oneNode(9, MAPS, ["Upsample", ["x", "s"], ["y"], { mode }], { s: factors(...list) });
      assert.deepEqual(await sameAfter(raw), ["Resize"]);
    }
  });

  it("reads Resize of opset 10, also where one axis grows and another shrinks", async () => {
    const of10 = (mode: string, ...scales: readonly number[]): RawModel =>
      oneNode(10, MAPS, ["Resize", ["x", "s"], ["y"], { mode }], { s: factors(...scales) });
    assert.deepEqual(await sameAfter(of10("nearest", 1, 1, 2, 3)), ["Resize"]);
    assert.deepEqual(await sameAfter(of10("nearest", 1, 1, 0.5, 0.6)), ["Resize"]);
    assert.deepEqual(await sameAfter(of10("nearest", 1, 1, 0.5, 2)), ["Resize", "Resize"]);
    assert.deepEqual(await sameAfter(of10("linear", 1, 1, 0.5, 2)), ["Resize"]);
  });

  it("reads every form from opset 11 to 23", async () => {
    for (const opset of [11, 13, 17, 18, 19, 21, 23]) {
      for (const mode of ["nearest", "linear", "cubic"]) {
        assert.deepEqual(await sameAfter(resize(opset, { scales: factors(...list) }, { mode })), ["Resize"]);
        assert.deepEqual(await sameAfter(resize(opset, { sizes: int64([2, 3, 7, 3]) }, { mode })), ["Resize"]);
      }
    }
  });

  it("spreads the axes of opset 18 over all", async () => {
    const axes = { axes: [-1, 2], mode: "linear" };
    assert.deepEqual(await sameAfter(resize(18, { scales: factors(2, 0.5) }, axes)), ["Resize"]);
    assert.deepEqual(await sameAfter(resize(19, { sizes: int64([3, 7]) }, { ...axes, axes: [-1, 1] }, [2, 4, 5])), [
      "Resize",
    ]);
    // of pictures of any size, batch and channels are read when the graph runs
    assert.equal((await sameAfter(resize(19, { sizes: int64([3, 7]) }, axes))).at(-1), "Resize");
  });

  it("keeps proportions", async () => {
    for (const keep_aspect_ratio_policy of ["not_larger", "not_smaller"]) {
      const attrs = { axes: [2, 3], keep_aspect_ratio_policy, mode: "linear" };
      for (const sizes of [
        [8, 8],
        [7, 3],
        [3, 4],
      ]) {
        await sameAfter(resize(18, { sizes: int64(sizes) }, attrs));
        await sameAfter(resize(19, { sizes: int64(sizes) }, { ...attrs, mode: "nearest" }));
      }
    }
  });

  it("writes symmetric coordinates of opset 19 as a product where an extent is rounded", async () => {
    const symmetric = { coordinate_transformation_mode: "half_pixel_symmetric", mode: "linear" };
    assert.deepEqual(await sameAfter(resize(19, { scales: factors(1, 1, 2, 2) }, symmetric)), ["Resize"]);
    assert.deepEqual(await sameAfter(resize(19, { scales: factors(1, 1, 0.7, 1.3) }, symmetric)), ["MatMul", "MatMul"]);
    assert.deepEqual(
      await sameAfter(resize(20, { scales: factors(1, 1, 1, 0.7) }, { ...symmetric, mode: "nearest" })),
      ["MatMul"],
    );
  });

  it("writes antialiasing of opset 18 as a product where an axis shrinks", async () => {
    for (const mode of ["linear", "cubic"]) {
      const smooth = { antialias: 1, mode };
      assert.deepEqual(await sameAfter(resize(18, { scales: factors(1, 1, 2, 2) }, smooth)), ["Resize"]);
      assert.deepEqual(await sameAfter(resize(18, { scales: factors(1, 1, 0.5, 0.6) }, smooth)), ["MatMul", "MatMul"]);
      assert.deepEqual(await sameAfter(resize(19, { sizes: int64([2, 3, 4, 2]) }, smooth)), ["MatMul"]);
    }
  });

  it("keeps the batch free where sizes are given for one picture", () => {
    const { graph } = normalise(rawModel(resize(17, { sizes: int64([1, 3, 8, 10]) }, {}, [1, 3, 4, 5])));
    assert.deepEqual(graph.outputs[0]?.shape, ["N", 3, 8, 10]);
    assert.deepEqual(operatorsOf(graph), ["Resize"]);
  });

  it("refuses a region of some axes", () => {
    const refused = (attrs: Attributes, message: RegExp): void => {
      const model = rawModel(resize(18, { scales: factors(...list) }, attrs));
      assert.throws(() => normalise(model), { code: "E_MODEL_OP", message });
    };
    refused({ coordinate_transformation_mode: "tf_crop_and_resize", axes: [0, 1, 2, 3] }, /a region of some axes/);
  });

  it("refuses coordinates that are not ONNX's", () => {
    const attrs = { coordinate_transformation_mode: "quarter_pixel" };
    const model = rawModel(resize(13, { scales: factors(1, 1, 2, 2) }, attrs));
    assert.throws(() => normalise(model), { code: "E_MODEL_OP", message: /coordinates "quarter_pixel"/ });
  });
});
