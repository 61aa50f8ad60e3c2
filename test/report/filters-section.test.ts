import assert from "node:assert/strict";
import { float32 } from "../../toolkit/graph/tensor.ts";
import { drawFilters, filtersSection } from "../../toolkit/report/filters-section.ts";

/** Colour of the pixel at x, y. */
function colourAt({ width, data }: ReturnType<typeof drawFilters>, x: number, y: number): readonly number[] {
  return [...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
}

describe("report/filters-section", () => {
  it("drawFilters() enlarges each tap to a square, with zero grey and the largest weight of a filter black or white", () => {
    const filters = float32([2, 3, 1, 2], [0, 2, 0, 0, 0, -1, 0.5, 0, 0, 0, 0, 0]);
    const sheet = drawFilters(filters);
    // taps of 21 pixels, two filters, 3 pixels between them
    assert.deepEqual([sheet.width, sheet.height], [2 * 42 + 3, 21]);
    assert.deepEqual(colourAt(sheet, 0, 0), [128, 128, 128]);
    assert.deepEqual(colourAt(sheet, 20, 20), [128, 128, 128]);
    assert.deepEqual(colourAt(sheet, 21, 0), [255, 128, 64]);
    assert.deepEqual(colourAt(sheet, 41, 20), [255, 128, 64]);
    assert.deepEqual(colourAt(sheet, 45, 0), [255, 128, 128]);
  });

  it("drawFilters() of one channel is grey, and puts 16 in a row", () => {
    const filters = float32(
      [17, 1, 3, 3],
      Float32Array.from({ length: 153 }, (_, i) => (i % 9 === 8 ? -1 : 0)),
    );
    const sheet = drawFilters(filters);
    assert.deepEqual([sheet.width, sheet.height], [16 * 45 - 3, 2 * 45 - 3]);
    assert.deepEqual(colourAt(sheet, 41, 41), [0, 0, 0]);
    assert.deepEqual(colourAt(sheet, 41, 86), [0, 0, 0]);
    assert.deepEqual(colourAt(sheet, 60, 86), [128, 128, 128]);
  });

  it("filtersSection() shows them before and after with how far they moved, and once where they did not", async () => {
    const before = float32([1, 3, 1, 2], [3, 0, 0, 4, 0, 0]);
    const after = float32([1, 3, 1, 2], [3, 0, 0, 4, 0.5, 0]);
    const both = (await filtersSection({ name: "<stem>", before, after })).markup;
    assert.equal(both.match(/<img/g)?.length, 2);
    assert.match(both, /src="data:image\/png;base64,/);
    assert.match(both, /changed them by 10 % of their size/);
    assert.match(both, /&#60;stem&#62;/);
    const once = (await filtersSection({ name: "stem", before, after: before })).markup;
    assert.equal(once.match(/<img/g)?.length, 1);
    assert.match(once, /have them unchanged/);
  });
});
