import assert from "node:assert/strict";
import type { Pixels } from "../../toolkit/images/decoder.ts";
import { canvas, circle, fill, paste, rectangle, stroke } from "../../toolkit/report/raster.ts";

const BLACK = [0, 0, 0] as const;
const WHITE = [255, 255, 255] as const;

/** How much of each pixel was painted black on white, 0..1. */
function cover({ data }: Pixels): number[] {
  return Array.from({ length: data.length / 3 }, (_, i) => 1 - (data[i * 3] ?? 0) / 255);
}

function area(picture: Pixels): number {
  return cover(picture).reduce((sum, c) => sum + c, 0);
}

describe("report/raster", () => {
  it("fill() covers a pixel by the share of it that lies inside", () => {
    const on = canvas(4, 3, WHITE);
    fill(on, [rectangle(0.5, 1, 2, 1)], BLACK);
    assert.deepEqual(
      cover(on).map((c) => Math.round(c * 10) / 10),
      [0, 0, 0, 0, 0.5, 1, 0.5, 0, 0, 0, 0, 0],
    );
  });

  it("fill() keeps the area of slanted and round outlines", () => {
    const triangle = canvas(40, 40, WHITE);
    fill(triangle, [[2.3, 3.1, 37.9, 11.7, 9.2, 35.5]], BLACK);
    const exact = Math.abs((37.9 - 2.3) * (35.5 - 3.1) - (9.2 - 2.3) * (11.7 - 3.1)) / 2;
    assert.ok(Math.abs(area(triangle) - exact) < 1);
    const disc = canvas(40, 40, WHITE);
    fill(disc, [circle(20, 20, 15)], BLACK);
    assert.ok(Math.abs(area(disc) / (Math.PI * 225) - 1) < 0.03);
  });

  it("fill() makes a hole of an outline that runs the other way", () => {
    const on = canvas(10, 10, WHITE);
    const hole = [4, 4, 4, 6, 6, 6, 6, 4];
    fill(on, [rectangle(2, 2, 6, 6), hole], BLACK);
    assert.ok(Math.abs(area(on) - 32) < 0.1);
  });

  it("fill() cuts off what lies outside", () => {
    const on = canvas(4, 4, WHITE);
    fill(on, [rectangle(-10, 2, 100, 100)], BLACK);
    fill(on, [rectangle(10, 10, 5, 5), rectangle(-9, -9, 3, 3)], BLACK);
    assert.deepEqual(cover(on), [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]);
  });

  it("stroke() has no gaps where pieces meet", () => {
    const on = canvas(30, 30, WHITE);
    stroke(on, [5, 5, 15, 5, 15, 25, 15, 15], BLACK, 4);
    for (const [x, y] of [
      [5, 5],
      [10, 5],
      [15, 5],
      [15, 15],
      [15, 24],
    ]) {
      assert.equal(cover(on)[(y ?? 0) * 30 + (x ?? 0)], 1);
    }
  });

  it("paste() copies a picture and cuts it at the edge", () => {
    const on = canvas(3, 2, WHITE);
    paste(on, canvas(5, 5, BLACK), 1, 1);
    assert.deepEqual(cover(on), [0, 0, 0, 0, 1, 1]);
  });
});
