import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import sharp from "sharp";
import { writeToyPhotos } from "../../support/toy-photos.ts";
import { jsonLines, runHere, temporaryFolder } from "../cli-case.ts";

describe("cli/commands/preview", () => {
  const at = temporaryFolder();
  before(() => writeToyPhotos(at("photos"), { train: 2, validation: 1 }));

  const preview = (...words: readonly string[]): ReturnType<typeof runHere> =>
    runHere(["preview", at("photos"), "--decoders", "0", "--size", "32", ...words]);
  const images = async (file: string): Promise<readonly string[]> =>
    (await readFile(file, "utf8")).match(/data:image\/png;base64,[^"]+/g) ?? [];

  it("writes a row for each photo, its evaluation view and then other ones, and prints the path", async () => {
    const file = at("sheet.html");
    const { code, stdout, stderr } = await preview("--photos", "3", "--views", "2", "--out", file);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, `${file}\n`);
    const found = await images(file);
    assert.equal(found.length, 9);
    assert.equal(new Set(found).size, 9);
    const text = await readFile(file, "utf8");
    assert.equal(text.match(/>evaluated</g)?.length, 3);
    assert.equal(text.match(/>epoch 2</g)?.length, 3);
    assert.match(text, /(blue|green|red)\/(blue|green|red)-[01]\.png/);
  });

  it("shows other views for another seed or text, the same for the same", async () => {
    const files = [
      ["--seed", "1"],
      ["--seed", "1"],
      ["--seed", "2"],
      ["--seed", "1", "--augmentation", "invert"],
    ];
    const shown = [];
    for (const [i, words] of files.entries()) {
      const file = at(`${i}.html`);
      assert.equal((await preview("--photos", "6", ...words, "--out", file)).code, 0);
      shown.push((await images(file)).join());
    }
    assert.equal(shown[0], shown[1]);
    assert.equal(new Set(shown).size, 3);
  });

  it("shows what is learnt of a photo of a table: labels, and numbers with the names of their columns", async () => {
    const rows = ["red", "blue"].map((name, i) => `photos/train/${name}/${name}-0.png,${name},${i + 0.5}`);
    await writeFile(at("table.csv"), ["file,label,age", ...rows].join("\n"));
    const file = at("table.html");
    const common = ["--decoders", "0", "--size", "32", "--views", "1", "--out", file];
    const { code, stderr } = await runHere(["preview", at("table.csv"), "--targets", "label,age", ...common]);
    assert.equal(code, 0, stderr);
    const text = await readFile(file, "utf8");
    assert.ok(text.includes("red, age 0.5") || text.includes("blue, age 1.5"));
    const wrong = await runHere(["preview", at("table.csv"), "--targets", "label,height", ...common]);
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /height/);
  });

  it("leaves the photo as it is evaluated with --augmentation none", async () => {
    const file = at("none.html");
    assert.equal((await preview("--photos", "1", "--views", "3", "--augmentation", "none", "--out", file)).code, 0);
    assert.equal(new Set(await images(file)).size, 1);
  });

  it("writes PNG where the name ends so, and says it in JSON", async () => {
    const file = at("sheet.png");
    const { code, stdout } = await preview("--photos", "2", "--out", file, "--json");
    assert.equal(code, 0);
    assert.deepEqual(jsonLines(stdout), [{ file, photos: 2, views: 4 }]);
    assert.equal((await sharp(file).metadata()).format, "png");
  });

  const wrong: readonly (readonly [string, readonly string[], RegExp])[] = [
    ["another ending", ["--out", "sheet.gif"], /ends in \.html or \.png/],
    [
      "a step that there is none of",
      ["--augmentation", "rotat"],
      /error\[E_SETTING\].*"rotat".*\nhint: did you mean "rotate"/,
    ],
    ["a size above the shorter side", ["--resize", "16"], /--resize "16": expected --size, 32/],
  ];
  for (const [what, words, message] of wrong) {
    it(`refuses ${what}`, async () => {
      const { code, stderr } = await preview(...words);
      assert.equal(code, 2);
      assert.match(stderr, message);
    });
  }

  it("warns of a photo that cannot be read and shows the others", async () => {
    await writeToyPhotos(at("broken"), { train: 1, validation: 1 });
    await writeFile(at("broken", "train", "red", "bad.png"), Buffer.from("89504e470d0a1a0a0000", "hex"));
    const file = at("broken.html");
    const { code, stderr } = await runHere(["preview", at("broken"), "--decoders", "0", "--size", "32", "--out", file]);
    assert.equal(code, 0);
    assert.match(stderr, /bad\.png/);
    assert.equal((await images(file)).length, 15);
  });
});
