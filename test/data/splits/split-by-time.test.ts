import assert from "node:assert/strict";
import fc from "fast-check";
import type { Entry, Part } from "../../../toolkit/data/entry.ts";
import { splitByTime } from "../../../toolkit/data/splits/split-by-time.ts";

interface Dated {
  readonly date?: number | undefined;
  readonly group?: string | undefined;
}

function split(
  photos: readonly Dated[],
  shares: { validationShare?: number; testShare?: number } = {},
): readonly Part[] {
  const entries = photos.map(({ group }, i): Entry => ({
    id: `${i}`,
    path: `/x/${i}`,
    labels: [],
    ...(group === undefined ? {} : { group }),
  }));
  return splitByTime(entries, { dateOf: ({ id }) => photos[Number(id)]?.date, ...shares });
}

const dates = (...all: readonly (number | undefined)[]): Dated[] => all.map((date) => ({ date }));

describe("data/splits/split-by-time", () => {
  it("splitByTime() tests on the latest photos, validates on those before, trains on the others", () => {
    assert.deepEqual(split(dates(5, 1, 4, 2, 3, 6, 7, 8, 10, 9), { validationShare: 0.3, testShare: 0.2 }), [
      "train",
      "train",
      "train",
      "train",
      "train",
      "validation",
      "validation",
      "validation",
      "test",
      "test",
    ]);
  });

  it("splitByTime() never trains on what is later than a photo that validates, and keeps groups whole", () => {
    const photo = fc.record({
      date: fc.option(fc.nat(40), { nil: undefined, freq: 8 }),
      group: fc.option(fc.constantFrom("a", "b", "c"), { nil: undefined, freq: 3 }),
    });
    fc.assert(
      fc.property(fc.array(photo, { minLength: 8, maxLength: 60 }), (photos) => {
        const shares = { validationShare: 0.25, testShare: 0.25 };
        let parts: readonly Part[];
        try {
          parts = split(photos, shares);
        } catch {
          return;
        }
        const times = (part: Part): number[] =>
          photos.flatMap(({ date }, i) => (parts[i] === part ? (date ?? []) : []));
        const late = (part: Part): number => Math.max(-1, ...times(part));
        assert.ok(late("train") < late("validation") && late("validation") < late("test"));
        for (const name of ["a", "b", "c"]) {
          assert.ok(new Set(parts.filter((_, i) => photos[i]?.group === name)).size <= 1);
        }
        for (const [i, { date, group }] of photos.entries()) {
          if (date === undefined && group === undefined) assert.equal(parts[i], "train");
        }
      }),
    );
  });

  it("splitByTime() keeps photos of one time together, and shares as near as that allows", () => {
    assert.deepEqual(split(dates(1, 1, 1, 2, 2, 2, 3, 3, 3, 3), { validationShare: 0.3 }).indexOf("validation"), 6);
    assert.deepEqual(split(dates(1, 1, 2, 2, 2, 2, 3), { validationShare: 0.3 }).indexOf("validation"), 6);
    assert.deepEqual(split(dates(1, 2, 2, 2, 2, 2), { validationShare: 0.2 }).indexOf("validation"), 1);
  });

  it("splitByTime() refuses photos that time cannot divide", () => {
    assert.throws(() => split(dates(1, 1, undefined)), {
      code: "E_SETTING",
      message: /by time: expected photos of 2 different times or more, found 1$/,
    });
    assert.throws(() => split(dates(1, 2), { testShare: 0.1 }), { message: /3 different times or more, found 2$/ });
    assert.deepEqual(split(dates(1, 1), { validationShare: 0 }), ["train", "train"]);
    assert.deepEqual(split([]), []);
  });
});
