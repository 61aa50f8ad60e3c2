import assert from "node:assert/strict";
import { labelledPhotos } from "../../toolkit/web/labelled-photos.ts";

const classOf = (name: string, count: number): { name: string; photos: string[] } => ({
  name,
  photos: Array.from({ length: count }, (_, i) => `${name}-${i}.jpg`),
});

describe("web/labelled-photos", () => {
  it("numbers the classes as they come, and puts a fifth of each aside, the same for the same seed", () => {
    const classes = [classOf("dog", 10), classOf("cat", 5)];
    const { train, validation, classes: names } = labelledPhotos(classes);
    assert.deepEqual(names, ["dog", "cat"]);
    assert.equal(train.length, 12);
    assert.deepEqual(
      validation.map(({ label }) => label),
      [0, 0, 1],
    );
    assert.deepEqual(labelledPhotos(classes).validation, validation);
    assert.notDeepEqual(labelledPhotos(classes, { seed: 1 }).validation, validation);
  });

  it("refuses one class, an empty one, and two of the same name", () => {
    assert.throws(() => labelledPhotos([classOf("dog", 3)]), { code: "E_DATA_ONE_CLASS" });
    assert.throws(() => labelledPhotos([classOf("dog", 3), classOf("cat", 0)]), {
      code: "E_DATA_EMPTY",
      message: /"cat"/,
    });
    assert.throws(() => labelledPhotos([classOf("dog", 3), classOf("dog", 3)]), { code: "E_DATA_CLASSES" });
  });
});
