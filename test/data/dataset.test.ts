import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { datasetFingerprint } from "../../toolkit/data/dataset-fingerprint.ts";
import { evaluateSet, readDataset } from "../../toolkit/data/dataset.ts";
import { listPhotos } from "../../toolkit/data/list-photos.ts";

let base = "";
let folders = 0;

/** A folder of its own with these files; a value is the content. */
function tree(files: readonly string[], content = "\u{FF}\u{D8}\u{FF}\u{E0}"): string {
  const root = join(base, `data-${folders++}`);
  mkdirSync(root);
  for (const file of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), content, "latin1");
  }
  return root;
}

const many = (folder: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${folder}/${i}.jpg`);
const ids = (samples: readonly { readonly id: string }[] = []): string[] => samples.map((s) => s.id);

before(() => {
  base = mkdtempSync(join(tmpdir(), "graft-data-"));
});
after(() => rmSync(base, { recursive: true }));

describe("data/dataset layouts", () => {
  it("splits a folder per class", async () => {
    const { classes, train, validation, test } = await readDataset(tree([...many("bees", 10), ...many("ants", 5)]), {
      seed: 3,
    });
    assert.deepEqual(classes, ["ants", "bees"]);
    assert.equal(train.length, 12);
    assert.equal(validation.length, 3);
    assert.equal(test, undefined);
    assert.ok([...train, ...validation].every((s) => s.id.startsWith(classes[s.label] ?? "?")));
  });

  for (const name of ["val", "valid", "validation", "test", "Val"]) {
    it(`validates on ${name}/ beside train/`, async () => {
      const root = tree(["train/b/1.png", "train/a/2.png", "train/a/deep/er/3.png", `${name}/a/4.png`]);
      const { classes, train, validation } = await readDataset(root);
      assert.deepEqual(classes, ["a", "b"]);
      assert.deepEqual(ids(train), ["train/a/2.png", "train/a/deep/er/3.png", "train/b/1.png"]);
      assert.deepEqual(ids(validation), [`${name}/a/4.png`]);
    });
  }

  it("keeps test/ apart where there is val/ too", async () => {
    const { validation, test } = await readDataset(
      tree(["train/a/1.jpg", "train/b/1.jpg", "val/a/1.jpg", "test/b/1.jpg"]),
    );
    assert.deepEqual([ids(validation), ids(test)], [["val/a/1.jpg"], ["test/b/1.jpg"]]);
  });

  it("splits train/ where it stands alone", async () => {
    const { train, validation } = await readDataset(tree([...many("train/a", 5), ...many("train/b", 5)]));
    assert.deepEqual([train.length, validation.length], [8, 2]);
  });

  it("sorts classes alike in every locale", async () => {
    const { classes } = await readDataset(tree(["ä/1.jpg", "z/1.jpg", "B/1.jpg", "a/1.jpg", "10/1.jpg", "9/1.jpg"]));
    assert.deepEqual(classes, ["10", "9", "B", "a", "z", "ä"]);
  });

  it("takes a class for the same whether its accents are composed or not", async () => {
    const { classes, validation } = await readDataset(
      tree(["train/e\u0301te\u0301/1.jpg", "train/b/1.jpg", "val/\u00E9t\u00E9/1.jpg"]),
    );
    assert.deepEqual(classes, ["b", "\u00E9t\u00E9"]);
    assert.equal(validation[0]?.label, 1);
  });
});

describe("data/dataset files", () => {
  it("skips hidden files without a word, and says what else it leaves out", async () => {
    const root = tree(["a/1.jpg", "b/1.jpg", "a/.hidden.jpg", ".git/x.jpg", "a/Thumbs.db", "__MACOSX/a/1.jpg"]);
    writeFileSync(join(root, "a", "notes.txt"), "hello");
    mkdirSync(join(root, "empty"));
    const { classes, train, validation, bad } = await readDataset(root);
    assert.deepEqual(classes, ["a", "b"]);
    assert.deepEqual(ids([...train, ...validation]), ["a/1.jpg", "b/1.jpg"]);
    assert.deepEqual(
      bad.map((b) => [b.path, b.code]),
      [
        [join(root, "a", "notes.txt"), "E_IMAGE_FORMAT"],
        [join(root, "empty"), "E_DATA_EMPTY"],
      ],
    );
  });

  it("takes photos of other names by their first bytes", async () => {
    const { train, validation } = await readDataset(tree(["a/photo", "a/photo.jpg.1", "b/2"]));
    assert.equal(train.length + validation.length, 3);
  });

  it("brings odd names back as they are", async function () {
    if (process.platform === "win32") this.skip();
    const names = [
      "e\u0301.jpg",
      "\u{1F41D}.jpg",
      " lead.jpg",
      "-rf.jpg",
      "new\nline.jpg",
      "back\\slash.jpg",
      "%s.jpg",
      "..jpg.jpg".slice(1),
      `${"x".repeat(251)}.jpg`,
    ];
    const usual = names.filter((name) => !name.startsWith("."));
    const root = tree([...usual.map((name) => `a/${name}`), "b/1.jpg"]);
    const { photos } = await listPhotos([root]);
    assert.deepEqual(
      photos.toSorted(),
      [...usual.map((name) => join(root, "a", name)), join(root, "b/1.jpg")].toSorted(),
    );
  });

  it("follows links inside the folder, once, and none that lead out", async function () {
    if (process.platform === "win32") this.skip();
    const root = tree(["a/1.jpg", "b/2.jpg"]);
    const outside = tree(["secret.jpg"]);
    symlinkSync(join(root, "b", "2.jpg"), join(root, "a", "again.jpg"));
    symlinkSync("..", join(root, "a", "loop"));
    symlinkSync(join(outside, "secret.jpg"), join(root, "a", "out.jpg"));
    symlinkSync(outside, join(root, "c"));
    symlinkSync("nowhere", join(root, "b", "broken.jpg"));
    const { train, validation, bad } = await readDataset(root);
    assert.deepEqual(ids([...train, ...validation]).toSorted(), ["a/1.jpg", "b/2.jpg"]);
    assert.deepEqual(
      bad.map((b) => b.path).toSorted(),
      [join(root, "a", "out.jpg"), join(root, "b", "broken.jpg"), join(root, "c")].toSorted(),
    );
  });

  it("has a fingerprint of names and labels, not of the place", async () => {
    const root = tree(["train/a/1.jpg", "train/b/1.jpg", "val/a/2.jpg"]);
    const copy = join(base, "copy");
    cpSync(root, copy, { recursive: true });
    const print = await datasetFingerprint(await readDataset(root));
    assert.equal(await datasetFingerprint(await readDataset(copy)), print);
    writeFileSync(join(copy, "val", "b.jpg"), "");
    mkdirSync(join(copy, "val", "b"));
    rmSync(join(copy, "val", "b.jpg"));
    writeFileSync(join(copy, "val", "b", "3.jpg"), "");
    assert.notEqual(await datasetFingerprint(await readDataset(copy)), print);
  });
});

const refuses = (title: string, files: readonly string[], code: string, says: RegExp): void => {
  it(title, () =>
    assert.rejects(readDataset(tree(files)), (error: Error & { code: string; hint?: string }) => {
      assert.equal(error.code, code);
      assert.match(`${error.message}; ${error.hint}`, says);
      return true;
    }),
  );
};

describe("data/dataset errors", () => {
  refuses("refuses an empty folder", [], "E_DATA_EMPTY", /no photo.*a folder for each class/);
  refuses("refuses one class", ["a/1.jpg", "a/2.jpg"], "E_DATA_ONE_CLASS", /only "a".*folder of its own/);
  refuses("points one folder deeper", ["set/ants/1.jpg", "set/bees/1.jpg"], "E_DATA_ONE_CLASS", /did you mean ".*set"/);
  refuses(
    "refuses loose photos",
    ["1.jpg", "2.jpg"],
    "E_DATA_LAYOUT",
    /2 photos lie directly in it \("1.jpg", "2.jpg"\)/,
  );
  refuses(
    "refuses loose photos beside classes",
    ["a/1.jpg", "b/1.jpg", "x.jpg"],
    "E_DATA_LAYOUT",
    /"x.jpg".*beside folders/,
  );
  refuses(
    "refuses loose photos in train/",
    ["train/x.jpg", "train/a/1.jpg", "train/b/1.jpg"],
    "E_DATA_LAYOUT",
    /train.*"x.jpg"/,
  );
  refuses("refuses train/ full of loose photos", ["train/x.jpg", "train/y.jpg"], "E_DATA_LAYOUT", /train.*"x.jpg"/);
  refuses(
    "refuses train/ beside class folders",
    ["train/a/1.jpg", "cats/1.jpg", "dogs/1.jpg"],
    "E_DATA_LAYOUT",
    /"cats", "dogs"/,
  );
  refuses("refuses val/ without train/", ["val/a/1.jpg", "dogs/1.jpg"], "E_DATA_LAYOUT", /no train/);
  refuses(
    "refuses classes that only val/ has",
    ["train/a/1.jpg", "train/b/1.jpg", "val/c/1.jpg"],
    "E_DATA_CLASSES",
    /"c".*"a", "b"/,
  );

  it("names what comes nearest to a folder that is missing", async () => {
    const root = tree(["flowers/a/1.jpg"]);
    await assert.rejects(readDataset(join(root, "flower")), {
      code: "E_DATA_NOT_FOUND",
      hint: /did you mean ".*flowers"/,
    });
    await assert.rejects(readDataset(join(root, "quite different")), {
      code: "E_DATA_NOT_FOUND",
      hint: /nothing of a similar name/,
    });
    await assert.rejects(readDataset(join(root, "no", "way")), {
      code: "E_DATA_NOT_FOUND",
      hint: /does not exist either/,
    });
    await assert.rejects(readDataset(join(root, "flowers", "a", "1.jpg")), {
      code: "E_DATA_NOT_FOUND",
      message: /expected a folder/,
    });
  });

  it("refuses a share that leaves nothing to train on", () =>
    assert.rejects(readDataset(tree(["a/1.jpg", "b/1.jpg"]), { validationShare: 1 }), { code: "E_SETTING" }));
});

describe("data/dataset evaluateSet", () => {
  it("takes val/, with the classes it is given", async () => {
    const root = tree(["train/a/1.jpg", "train/b/1.jpg", "val/b/2.jpg"]);
    const { samples } = await evaluateSet(root, ["x", "b", "a"]);
    assert.deepEqual(
      samples.map((s) => [s.id, s.label]),
      [["val/b/2.jpg", 1]],
    );
  });

  it("takes a folder per class, even a single one", async () => {
    const { samples } = await evaluateSet(tree(["b/1.jpg", "b/2.jpg"]), ["a", "b"]);
    assert.deepEqual(
      samples.map((s) => s.label),
      [1, 1],
    );
  });

  it("takes a class for a class, whatever it is called", async () => {
    const { samples } = await evaluateSet(tree(["test/1.jpg", "control/2.jpg"]), ["control", "test"]);
    assert.deepEqual(
      samples.map((s) => s.id),
      ["control/2.jpg", "test/1.jpg"],
    );
  });

  it("refuses folders that are no class", () =>
    assert.rejects(evaluateSet(tree(["a/1.jpg", "c/1.jpg"]), ["a", "b"]), { code: "E_DATA_CLASSES", message: /"c"/ }));
});

describe("data/list-photos", () => {
  it("takes files and folders, each photo once, in the order given", async () => {
    const root = tree(["b/2.jpg", "a/1.jpg", "odd.name"]);
    const { photos } = await listPhotos([join(root, "odd.name"), join(root, "b"), root]);
    assert.deepEqual(
      photos,
      ["odd.name", "b/2.jpg", "a/1.jpg"].map((name) => join(root, name)),
    );
  });

  it("refuses a path that does not exist, with the nearest name", async () => {
    const root = tree(["holiday.jpg"]);
    await assert.rejects(listPhotos([join(root, "holyday.jpg")]), { code: "E_DATA_NOT_FOUND", hint: /holiday\.jpg/ });
  });
});
