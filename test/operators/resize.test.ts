import assert from "node:assert/strict";
import { readAttributes } from "../../toolkit/graph/attributes.ts";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Attributes, Dim } from "../../toolkit/graph/ir.ts";
import { float32, int64 } from "../../toolkit/graph/tensor.ts";
import { interpolationMatrix, interpolationOf } from "../../toolkit/operators/interpolation.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { gradcheck } from "../support/gradcheck.ts";
import type { GradcheckOptions } from "../support/gradcheck.ts";

const scale = (shape: readonly Dim[], scales: readonly number[], attrs: Attributes, options: GradcheckOptions = {}) =>
  gradcheck("Resize", [shape, undefined, float32([scales.length], scales)], attrs, { dtype: "float32", ...options });
const resizeTo = (shape: readonly Dim[], sizes: readonly number[], attrs: Attributes, options: GradcheckOptions = {}) =>
  gradcheck("Resize", [shape, undefined, undefined, int64(sizes)], attrs, { dtype: "float32", ...options });

const COORDINATES = ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "half_pixel_symmetric"];
const NEAREST = ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"];

describe("operators/resize", () => {
  for (const coordinates of COORDINATES) {
    const attrs = { coordinate_transformation_mode: coordinates };
    for (const mode of ["nearest", "linear", "cubic"]) {
      it(`matches finite differences: ${mode}, ${coordinates}`, async () => {
        await scale([1, 2, 3, 4], [1, 1, 2, 2], { ...attrs, mode });
        await scale([2, 1, 5, 4], [1, 1, 0.6, 1.5], { ...attrs, mode });
        await resizeTo([2, 2, 4, 3], [2, 2, 7, 2], { ...attrs, mode });
        await resizeTo([1, 1, 5, 5], [1, 1, 1, 3], { ...attrs, mode });
        await resizeTo([1, 3, 1, 2], [1, 3, 4, 4], { ...attrs, mode });
      });
    }
    it(`matches finite differences for every way to round: ${coordinates}`, async () => {
      for (const nearest_mode of NEAREST) {
        await scale([2, 1, 5, 4], [1, 1, 0.6, 1.5], { ...attrs, nearest_mode });
        await scale([1, 1, 4, 6], [1, 1, 0.5, 2], { ...attrs, nearest_mode });
      }
    });
  }

  it("matches finite differences along one axis and three", async () => {
    await scale([2, 3, 5], [1, 1, 2], { mode: "linear" });
    await resizeTo([1, 2, 4], [1, 2, 7], { mode: "nearest" });
    await scale([1, 2, 2, 3, 4], [1, 1, 2, 1.5, 0.5], { mode: "linear" });
    await resizeTo([2, 1, 3, 2, 2], [2, 1, 2, 4, 3], { mode: "nearest" });
    await scale([3, 4], [2, 0.75], { mode: "linear" });
  });

  it("matches finite differences for a cubic kernel of its own and without what lies outside", async () => {
    await scale([1, 2, 4, 5], [1, 1, 1.5, 2], { mode: "cubic", cubic_coeff_a: { float: -0.5 } });
    await scale([1, 2, 4, 5], [1, 1, 1.5, 0.6], { mode: "cubic", exclude_outside: 1 });
  });

  it("matches finite differences for a batch of unknown size and maps that are bound later", async () => {
    await scale(["N", 2, 3, 4], [1, 1, 2, 2], { mode: "linear" }, { dims: { N: 2 }, unbound: true });
    await scale(["N", 2, "H", "W"], [1, 1, 2, 2], { mode: "nearest" }, { dims: { N: 2, H: 3, W: 2 } });
    await resizeTo([1, 2, "H", "W"], [1, 2, 4, 5], { mode: "linear" }, { dims: { H: 3, W: 2 } });
  });

  it("matches finite differences for the coordinates of opsets 11 and 12", async () => {
    const attrs = { coordinate_transformation_mode: "tf_half_pixel_for_nn" };
    await scale([1, 1, 4, 5], [1, 1, 1, 1.5], { ...attrs, nearest_mode: "floor" });
    await scale([1, 1, 4, 5], [1, 1, 1, 0.5], { ...attrs, nearest_mode: "round_prefer_floor" });
  });

  it("refuses to differentiate with coordinates that it does not know", () => {
    const how = interpolationOf(readAttributes({ coordinate_transformation_mode: "quarter_pixel" }, "Resize"));
    assert.throws(() => interpolationMatrix(how, { input: 2, output: 4, scale: 2 }), { code: "E_NO_GRADIENT" });
  });

  const shapeOf = (shape: readonly Dim[], scales: readonly number[]): readonly Dim[] => {
    const b = new GraphBuilder(operators);
    return b.op("Resize", [b.input("x", "float32", shape), undefined, b.floats(scales)]).shape;
  };

  it("rounds extents down and names unknown ones", () => {
    assert.deepEqual(shapeOf([1, 2, 5, 4], [1, 1, 0.7, 1.6]), [1, 2, 3, 6]);
    assert.deepEqual(shapeOf(["N", 2, "H", "W"], [1, 1, 2, 0.5]), ["N", 2, "H*2", "floor(W*0.5)"]);
  });

  it("refuses factors for another rank, and a region", async () => {
    assert.throws(() => shapeOf([1, 2, 5, 4], [2, 2]), { code: "E_SHAPE", message: /2 factors or sizes/ });
    await assert.rejects(
      scale([1, 1, 3, 3], [1, 1, 2, 2], { coordinate_transformation_mode: "tf_crop_and_resize" }),
      (error) => error instanceof Error && "code" in error && error.code === "E_NO_GRADIENT",
    );
  });
});
