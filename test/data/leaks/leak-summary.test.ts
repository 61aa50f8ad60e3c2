import assert from "node:assert/strict";
import type { Copies } from "../../../toolkit/data/leaks/find-leaks.ts";
import { leakSummary } from "../../../toolkit/data/leaks/leak-summary.ts";

const near: Copies = {
  a: "a.jpg",
  b: "b.jpg",
  kind: "near",
  bits: 3,
  mirrored: false,
  partOfA: "train",
  partOfB: "validation",
};
const none = { pairs: [], conflicts: [], moved: [], dropped: [] };
const photos = { train: 80, validation: 20, test: 0 };

describe("data/leaks/leak-summary", () => {
  it("leakSummary() says nothing where nothing was found", () => {
    assert.deepEqual(leakSummary(none, photos), []);
  });

  it("leakSummary() says what was found, with examples, and what was done", () => {
    const within: Copies = { ...near, partOfB: "train" };
    const lines = leakSummary(
      {
        pairs: [near, within, near, near, near],
        conflicts: [near],
        moved: [{ id: "b.jpg", from: "validation", to: "train" }],
        dropped: [],
      },
      photos,
    );
    assert.deepEqual(lines, [
      '4 pairs of copies in different parts ("a.jpg" and "b.jpg"; "a.jpg" and "b.jpg"; "a.jpg" and "b.jpg"; 1 more): 1 photo moved to the other copy\'s part',
      '1 pair of copies with different labels ("a.jpg" and "b.jpg"): look at them, one label may be wrong',
      "1 pair of copies within a part: left as they are",
    ]);
  });

  it("leakSummary() says how else to split where a large share had copies", () => {
    const dropped = ["a", "b", "c"].map((id) => ({ id, from: "validation" as const }));
    const lines = leakSummary({ ...none, pairs: [near], dropped }, photos);
    assert.match(lines[0] ?? "", /3 photos of the same bytes left out$/);
    assert.match(lines[1] ?? "", /^15 % of the validation photos .* split by group$/);
  });

  it("leakSummary() says where photos are too much alike to be told from copies", () => {
    assert.match(leakSummary({ ...none, lookAlikes: 70 }, photos)[0] ?? "", /^70 photos hang together by looks: only/);
  });

  it("leakSummary() says where nothing was moved", () => {
    assert.match(leakSummary({ ...none, pairs: [near] }, photos)[0] ?? "", /: nothing was moved$/);
  });
});
