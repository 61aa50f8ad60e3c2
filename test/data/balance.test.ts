import assert from "node:assert/strict";
import { balanceTable, classBalance } from "../../toolkit/data/balance.ts";
import type { Sample } from "../../toolkit/data/sample.ts";

function samples(...counts: readonly number[]): Sample[] {
  return counts.flatMap((count, label) =>
    Array.from({ length: count }, (_, i) => ({ path: "", id: `${label}/${i}`, label })),
  );
}

const several = (...labels: readonly number[]): Sample => ({
  path: "",
  id: labels.join(),
  label: labels[0] ?? -1,
  labels,
});

describe("data/balance", () => {
  it("classBalance() counts photos by class and part", () => {
    const balance = classBalance({ train: samples(40, 30), validation: samples(10, 8), test: samples(1, 2) }, [
      "ants",
      "bees",
    ]);
    assert.deepEqual(balance, {
      classes: [
        { name: "ants", train: 40, validation: 10, test: 1 },
        { name: "bees", train: 30, validation: 8, test: 2 },
      ],
      photos: { train: 70, validation: 18, test: 3 },
      ratio: 40 / 30,
      warnings: [],
    });
    assert.deepEqual(balanceTable(balance), {
      head: ["class", "train", "validation", "test"],
      rows: [
        ["bees", 30, 8, 2],
        ["ants", 40, 10, 1],
      ],
    });
  });

  it("classBalance() counts every label of a photo once, and how many it has", () => {
    const train = [several(0, 1), several(1, 1), several(), several(0, 1, 2)];
    const balance = classBalance({ train, validation: [several(2)] }, ["a", "b", "c"], {
      fewPhotos: 0,
      unequalRatio: 9,
    });
    assert.deepEqual(
      balance.classes.map(({ train: count }) => count),
      [2, 3, 1],
    );
    assert.deepEqual(balance.labelsPerPhoto, { mean: 7 / 5, most: 3, none: 1 });
    assert.deepEqual(balanceTable(balance).head, ["class", "train", "validation"]);
  });

  it("classBalance() warns of classes that are missing, small or unequal, and says what to do", () => {
    const balance = classBalance({ train: samples(200, 12, 0, 25), validation: samples(50, 3, 1, 0) }, [
      "a",
      "b",
      "c",
      "d",
    ]);
    assert.equal(balance.ratio, null);
    assert.deepEqual(
      balance.warnings.map(({ text }) => text),
      [
        '1 class ("c") without a training photo: nothing can be learnt of it',
        '1 class ("d") without a validation photo: nothing says how well that is recognised',
        '1 class ("b" 12) with fewer than 20 training photos',
        '"a" has 17 times the training photos of "b" (200 and 12): a network may do well by naming it always',
      ],
    );
    assert.match(balance.warnings.at(-1)?.advice ?? "", /class weights, or a sampler/);
  });

  it("classBalance() names five classes of many, the smallest first", () => {
    const names = Array.from({ length: 9 }, (_, i) => `c${i}`);
    const { warnings } = classBalance({ train: samples(9, 8, 7, 6, 5, 4, 3, 2, 1), validation: [] }, names, {
      unequalRatio: 10,
    });
    assert.deepEqual(
      warnings.map(({ text }) => text),
      ['9 classes ("c8" 1, "c7" 2, "c6" 3, "c5" 4, "c4" 5 and 4 more) with fewer than 20 training photos'],
    );
  });

  it("classBalance() takes data without photos or classes", () => {
    assert.deepEqual(classBalance({ train: [], validation: [] }, []).warnings, []);
    assert.equal(classBalance({ train: [], validation: [] }, ["a"]).ratio, null);
  });
});
