import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import sharp, { type Sharp } from "sharp";
import { uniform } from "../../toolkit/graph/random.ts";
import type { RunReport } from "../../toolkit/report/run-report.ts";
import { fixture } from "../support/fixtures.ts";
import { jsonLines, PROGRAM, runHere, temporaryFolder } from "./cli-case.ts";
import type { Ended } from "./cli-case.ts";

const MODEL = fixture("resnet18-width8/bn.onnx");
const SIDE_PX = 48;
/** Coarse patches, so that no picture looks like another. */
const PATCHES = 6;
const TINTS = { cold: [0.3, 0.55, 1], warm: [1, 0.55, 0.3] } as const;
type Tint = keyof typeof TINTS;
const SOUND = { train: 80, val: 34 } as const;

/** Patches of light and dark, in blue or in red. */
function draw(tint: Tint, seed: number): Sharp {
  const data = Uint8Array.from({ length: PATCHES * PATCHES * 3 }, (_, at) => {
    const light = 255 * uniform(seed, 1, Math.floor(at / 3));
    return light * (TINTS[tint][at % 3] ?? 0);
  });
  const patches = sharp(data, { raw: { width: PATCHES, height: PATCHES, channels: 3 } });
  return patches.resize(SIDE_PX, SIDE_PX, { kernel: "cubic" });
}

/** Three pictures one after the other. */
async function frames(tint: Tint, seed: number): Promise<Sharp> {
  const pages = await Promise.all(
    [0, 1, 2].map((i) =>
      draw(tint, seed + i)
        .raw()
        .toBuffer(),
    ),
  );
  const raw = { width: SIDE_PX, height: 3 * SIDE_PX, channels: 3, pageHeight: SIDE_PX } as const;
  return sharp(Buffer.concat(pages), { raw });
}

describe("cli, a messy folder", () => {
  const at = temporaryFolder();
  let ended: Ended;
  let report: RunReport;
  const place = async (name: string, bytes: Uint8Array | string): Promise<void> => {
    await mkdir(dirname(at("photos", name)), { recursive: true });
    await writeFile(at("photos", name), bytes);
  };

  /** 228 sound photos and 12 others, which are one in twenty. */
  async function writeFolder(): Promise<void> {
    for (const [k, tint] of (["cold", "warm"] as const).entries()) {
      for (const [j, part] of (["train", "val"] as const).entries()) {
        for (let i = 0; i < SOUND[part]; i++)
          await place(
            `${part}/${tint}/${i}.png`,
            await draw(tint, 1000 * (2 * k + j) + i)
              .png()
              .toBuffer(),
          );
      }
    }
    const jpeg = await draw("cold", 9001).jpeg().toBuffer();
    await place("train/cold/cut.jpg", jpeg.subarray(0, jpeg.length / 2));
    await place("train/warm/empty.png", "");
    await place("val/warm/page.jpg", "<!DOCTYPE html><html><body>Not found</body></html>");
    await place("train/cold/in-fact-png.jpg", await draw("cold", 9002).png().toBuffer());
    await place("val/warm/in-fact-webp.png", await draw("warm", 9003).webp().toBuffer());
    await place("train/warm/for-print.jpg", await draw("warm", 9004).toColourspace("cmyk").jpeg().toBuffer());
    await place("train/cold/moving.gif", await (await frames("cold", 9010)).gif().toBuffer());
    await place("val/cold/moving.webp", await (await frames("cold", 9020)).webp().toBuffer());
    await place("val/warm/again.png", await readFile(at("photos/train/warm/0.png")));
    await place("val/cold/smaller.png", await sharp(at("photos/train/cold/0.png")).resize(36, 36).png().toBuffer());
    await place("train/warm/twice.png", await readFile(at("photos/train/warm/1.png")));
    await place("train/warm/in-both.png", await readFile(at("photos/train/cold/2.png")));
    await place("train/notes.txt", "these are mine");
  }

  before(async function () {
    this.timeout(120_000);
    if (PROGRAM === undefined) this.skip(); // ONNX Runtime's thread needs compiled files
    await writeFolder();
    const small = ["--model", MODEL, "--size", "32", "--threads", "1", "--mode", "frozen", "--epochs", "20"];
    const places = ["--out", at("run"), "--cache", at("cache"), "--json"];
    ended = await runHere(["train", at("photos"), ...small, "--rate", "0.01", ...places], { columns: 200 });
    report = JSON.parse(await readFile(at("run/report.json"), "utf8")) as RunReport;
  });

  it("train gets through it, and learns", () => {
    assert.equal(ended.code, 0, ended.stderr);
    const result = jsonLines(ended.stdout).at(-1);
    // all that validate, less the page that is no photo, the copy that is left out and the one that was moved
    assert.equal(result?.["count"], 2 * SOUND.val + 2);
    assert.ok(Number(result?.["top1"]) > 0.9, `accuracy ${String(result?.["top1"])}`);
  });

  const said: readonly (readonly [string, RegExp])[] = [
    [
      "photos that are not what their names say, and that their content counts",
      /^2 photos are not named as what they are \("train\/cold\/in-fact-png\.jpg" is PNG; "val\/warm\/in-fact-webp\.png" is WebP\): read by content$/m,
    ],
    [
      "a photo in CMYK, and that it is read as RGB",
      /^1 photo is in CMYK \("train\/warm\/for-print\.jpg"\): read as RGB$/m,
    ],
    [
      "animated photos, and that their first picture is used",
      /^2 photos are animated \("train\/cold\/moving\.gif"; "val\/cold\/moving\.webp"\): only the first picture is used$/m,
    ],
    [
      "copies in different parts, and that one is left out and one moved",
      /2 pairs of copies in different parts \(.*smaller\.png".*again\.png".*\): 1 photo of the same bytes left out, 1 photo moved/,
    ],
    [
      "a copy with another label",
      /1 pair of copies with different labels \("train\/cold\/2\.png" and "train\/warm\/in-both\.png"\): look at them, one label may be wrong/,
    ],
    ["a copy within a part, and that it stays", /1 pair of copies within a part: left as they are/],
    ["what never was a photo", /left out 1 file or folder without photos:\n.*notes\.txt/],
    [
      "what could not be read, and why",
      /3 of \d+ photos could not be read:\n.*cut\.jpg.*\n.*empty\.png": the file is empty\n.*page\.jpg": expected JPEG, PNG, WebP, GIF or TIFF/,
    ],
  ];
  for (const [what, text] of said) it(`train names ${what}`, () => assert.match(ended.stderr, text));

  it("the report has the same", async () => {
    const { data, badFiles, trainImages, validationImages } = report;
    assert.deepEqual(data?.odd?.map(({ id, kind }) => `${kind} ${id}`).toSorted(), [
      "animated train/cold/moving.gif",
      "animated val/cold/moving.webp",
      "cmyk train/warm/for-print.jpg",
      "format train/cold/in-fact-png.jpg",
      "format val/warm/in-fact-webp.png",
    ]);
    assert.deepEqual(
      data?.leaks?.dropped.map(({ id, copyOf }) => [id, copyOf]),
      [["val/warm/again.png", "train/warm/0.png"]],
    );
    assert.deepEqual(
      data?.leaks?.moved.map(({ id, copyOf, to }) => [id, copyOf, to]),
      [["val/cold/smaller.png", "train/cold/0.png", "train"]],
    );
    const names = badFiles.map(({ file, code }) => `${code} ${file.slice(at("photos").length + 1)}`);
    assert.deepEqual(names.toSorted(), [
      "E_IMAGE_DECODE train/cold/cut.jpg",
      "E_IMAGE_DECODE train/warm/empty.png",
      "E_IMAGE_FORMAT train/notes.txt",
      "E_IMAGE_FORMAT val/warm/page.jpg",
    ]);
    assert.deepEqual([trainImages, validationImages], [2 * SOUND.train + 8, 2 * SOUND.val + 3]);
    const page = await readFile(at("run/report.html"), "utf8");
    for (const text of ["in-fact-png.jpg", "for-print.jpg", "moving.gif", "again.png", "in-both.png", "cut.jpg"])
      assert.ok(page.includes(text), `report.html says nothing of ${text}`);
  });
});
