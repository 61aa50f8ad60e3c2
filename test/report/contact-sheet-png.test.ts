import assert from "node:assert/strict";
import sharp from "sharp";
import type { Decoder } from "../../toolkit/images/decoder.ts";
import { runCharts } from "../../toolkit/report/chart.ts";
import { contactSheetPng } from "../../toolkit/report/contact-sheet-png.ts";
import { exampleReport } from "./example-report.ts";

const red = { width: 30, height: 20, data: Uint8Array.from({ length: 1800 }, (_, i) => (i % 3 === 0 ? 250 : 10)) };
const decoder: Decoder = {
  async decode(source) {
    if (source.length === 3) throw new Error("broken");
    return red;
  },
};
const hit = (picture: Uint8Array | typeof red, label = "seven") => ({
  picture,
  labels: [{ label, weight: 0.9 }],
  caption: "a.png",
});
const base = {
  title: "Sheet",
  sections: [{ title: "seven", hits: [hit(red), hit(new Uint8Array(9)), hit(new Uint8Array(3))] }],
};

async function pixels(
  png: Uint8Array,
): Promise<{ width: number; height: number; at(x: number, y: number): number[]; data: Buffer }> {
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number) => [...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3)];
  return { width: info.width, height: info.height, at, data };
}

describe("report/contact-sheet-png", () => {
  it("contactSheetPng() shows pixels and decoded files in tiles, an empty tile for what cannot be decoded", async () => {
    const sheet = await pixels(await contactSheetPng(base, decoder));
    const [y, first] = [44 + 70 + 26 + 50 + 75, 44 + 26 + 75];
    assert.deepEqual(sheet.at(first, y), [250, 10, 10]);
    assert.deepEqual(sheet.at(first + 170, y), [250, 10, 10]);
    assert.deepEqual(sheet.at(first + 340, y + 40), [244, 245, 247]);
  });

  it("contactSheetPng() writes text without the system's fonts: another label is another picture", async () => {
    const one = await contactSheetPng(base, decoder);
    assert.deepEqual(await contactSheetPng(base, decoder), one);
    const other = {
      ...base,
      sections: [{ title: "seven", hits: [hit(red, "eight"), ...(base.sections[0]?.hits.slice(1) ?? [])] }],
    };
    const [a, b] = [await pixels(one), await pixels(await contactSheetPng(other, decoder))];
    const changed: number[] = [];
    for (let i = 0; i < a.data.length; i += 3) if (a.data[i] !== b.data[i]) changed.push(Math.floor(i / 3 / a.width));
    const label = 44 + 70 + 26 + 50 + 150 + 8;
    assert.ok(
      changed.length > 50 && changed.every((y) => y >= label && y < label + 25),
      "only the label's line may change",
    );
  });

  it("contactSheetPng() draws the curves beside the pictures", async () => {
    const [plain, withCharts] = await Promise.all([
      contactSheetPng(base, decoder).then(pixels),
      contactSheetPng({ ...base, charts: runCharts(exampleReport()) }, decoder).then(pixels),
    ]);
    assert.ok(withCharts.width > plain.width + 400 && withCharts.height > plain.height);
    const blue = (x: number, y: number) => withCharts.at(x, y).join() === "20,99,196";
    let count = 0;
    for (let y = 0; y < withCharts.height; y++)
      for (let x = plain.width; x < withCharts.width; x++) if (blue(x, y)) count++;
    assert.ok(count > 500, `${count} pixels of the validation curve`);
  });

  it("contactSheetPng() survives empty sections and hostile text", async () => {
    const label = `\u0000\u202e${"Vierhundertvierundvierzigtausend ".repeat(50)}\ud800猫`;
    const sections = [
      { title: label, note: label, hits: [] },
      { title: "", hits: [hit(red, label)] },
    ];
    const sheet = await pixels(await contactSheetPng({ title: label, note: label, sections }, decoder));
    assert.equal(sheet.width, 2 * 44 + 2 * 26 + 6 * 150 + 5 * 20);
  });
});
