import assert from "node:assert/strict";
import { readAttributes } from "../../toolkit/graph/attributes.ts";
import type { Attributes, Dim } from "../../toolkit/graph/ir.ts";
import { slide, windowOf } from "../../toolkit/operators/window.ts";

const slid = (attrs: Attributes, kernel: readonly number[], spatial: readonly Dim[]): readonly Dim[] =>
  slide(readAttributes(attrs, "a pool"), kernel, spatial, "a pool");

describe("operators/window", () => {
  it("counts the windows that fit, with stride, dilation and padding", () => {
    assert.deepEqual(slid({}, [3], [7]), [5]);
    assert.deepEqual(slid({ strides: [2], pads: [1, 1] }, [3], [7]), [4]);
    assert.deepEqual(slid({ dilations: [3] }, [3], [7]), [1]);
    assert.deepEqual(slid({ strides: [2, 1], pads: [0, 1, 2, 0] }, [3, 2], [7, 6]), [4, 6]);
  });

  it("rounds up with ceil_mode, but not into the padding behind", () => {
    const attrs = { strides: [2], ceil_mode: 1 };
    assert.deepEqual(slid(attrs, [2], [5]), [3]);
    assert.deepEqual(slid({ ...attrs, pads: [0, 1] }, [2], [5]), [3]);
    assert.deepEqual(slid({ ...attrs, pads: [1, 1] }, [2], [6]), [4]);
  });

  it("gives SAME the input's extent over the stride, rounded up", () => {
    assert.deepEqual(slid({ auto_pad: "SAME_UPPER", strides: [2] }, [3], [7]), [4]);
    assert.deepEqual(slid({ auto_pad: "SAME_LOWER", strides: [2] }, [2], ["H"]), ["ceil(H/2)"]);
  });

  it("keeps a name that the window does not change, and spells out any other", () => {
    assert.deepEqual(slid({ pads: [1, 1] }, [3], ["H"]), ["H"]);
    assert.deepEqual(slid({}, [3], ["H"]), ["(H-2)"]);
    assert.deepEqual(slid({ pads: [1, 1], strides: [2] }, [3], ["H"]), ["(floor(H-1/2)+1)"]);
  });

  it("puts what SAME pads unevenly behind the picture, or in front of it", () => {
    const same = (auto_pad: string) => windowOf(readAttributes({ auto_pad, strides: [2] }, "a pool"), [3], [8]);
    assert.deepEqual([same("SAME_UPPER").begin, same("SAME_UPPER").end], [[0], [1]]);
    assert.deepEqual([same("SAME_LOWER").begin, same("SAME_LOWER").end], [[1], [0]]);
  });

  it("refuses a window larger than the padded extent", () => {
    assert.throws(() => slid({ pads: [1, 0] }, [5], [3]), /window is larger than the padded extent 3/);
  });
});
