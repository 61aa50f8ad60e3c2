import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { canvas, fill } from "../../toolkit/report/raster.ts";
import { typeface } from "../../toolkit/report/typeface.ts";

const { resolve } = createRequire(import.meta.url);
const face = typeface(readFileSync(resolve("@fontsource/dejavu-sans/files/dejavu-sans-latin-400-normal.woff")));

/** The ink of a text, in pixels, by row and in all. */
function ink(text: string, size = 20): { rows: number[]; total: number } {
  const on = canvas(Math.ceil(face.width(text, size)) + 2, 30, [255, 255, 255]);
  fill(on, face.outline(text, { x: 1, baseline: 24, size }).polygons, [0, 0, 0]);
  const rows = Array.from({ length: 30 }, (_, y) => {
    let sum = 0;
    for (let x = 0; x < on.width; x++) sum += 1 - (on.data[(y * on.width + x) * 3] ?? 0) / 255;
    return sum;
  });
  return { rows, total: rows.reduce((a, b) => a + b, 0) };
}

function above(rows: readonly number[]): number {
  return rows.slice(0, 12).reduce((sum, row) => sum + row, 0);
}

describe("report/typeface", () => {
  it("width() is the sum of the advances of DejaVu Sans", () => {
    // 2048 units to the em: space 651, A 1401, i 569 (from the font's hmtx table)
    assert.equal(face.width(" Ai", 2048), 651 + 1401 + 569);
    assert.equal(face.width("Ai", 10), face.outline("Ai", { x: 0, baseline: 0, size: 10 }).width);
  });

  it("outline() draws holes, stems and composed letters", () => {
    const stem = ink("l");
    // a stem is 184 units wide and 1556 high
    assert.ok(Math.abs(stem.total - (184 / 2048) * 20 * ((1556 / 2048) * 20)) < 1);
    assert.ok(ink("o").total < ink("•").total * 3 && ink("o").total > 10);
    const [a, umlaut] = [ink("a"), ink("ä")];
    assert.ok(umlaut.total > a.total + 3, "the dots of ä are missing");
    assert.ok(above(a.rows) < 0.5 && above(umlaut.rows) > 3);
  });

  it("outline() composes a letter and its mark first, as file names on macOS have them", () => {
    assert.deepEqual(
      face.outline("a\u0308", { x: 0, baseline: 0, size: 9 }),
      face.outline("ä", { x: 0, baseline: 0, size: 9 }),
    );
  });

  it("outline() knows Greek and Cyrillic, and draws a box for what the font lacks", () => {
    const box = face.outline("\u{1f600}", { x: 0, baseline: 0, size: 20 });
    assert.deepEqual(face.outline("猫", { x: 0, baseline: 0, size: 20 }), box);
    assert.ok(box.polygons.length > 0);
    for (const c of "Жλ€→") assert.notDeepEqual(face.outline(c, { x: 0, baseline: 0, size: 20 }), box);
  });

  it("typeface() refuses what is no WOFF file", () => {
    assert.throws(() => typeface(new Uint8Array(100)), { code: "E_DATA_FORMAT" });
  });
});
