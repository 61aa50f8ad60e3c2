import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { imagenetClasses } from "../../models/imagenet.ts";
import { readBroaderWords, widen } from "../../recipes/photo-retrieval/broader-words.ts";
import { judgeChance, judgeIndex } from "../../recipes/photo-retrieval/judge.ts";
import type { Question } from "../../recipes/photo-retrieval/judge.ts";
import { collageQuestions, photoQuestions } from "../../recipes/photo-retrieval/photo-sets.ts";
import { main, retrievePhotos } from "../../recipes/photo-retrieval.ts";
import { openIndex } from "../../toolkit/search/open-index.ts";
import { memoryStore } from "../../toolkit/search/stores/memory.ts";
import { PROGRAM } from "../cli/cli-case.ts";
import { itShared } from "../support/fixtures.ts";

describe("recipes/photo-retrieval", () => {
  it("readBroaderWords() puts classes under the words that people ask for", async () => {
    const names = imagenetClasses();
    const words = await readBroaderWords(names);
    for (const [name, word] of [
      ["golden retriever", "dog"],
      ["tabby", "cat"],
      ["lion", "cat"],
      ["crane bird", "bird"],
      ["monarch", "insect"],
      ["banana", "fruit"],
      ["cello", "musical instrument"],
      ["airliner", "aircraft"],
    ] as const) {
      assert.equal(words.get(name), word);
    }
    // a class has one word at the most, and those of all numbers are names
    assert.ok([...words.keys()].every((name) => names.includes(name)));
    assert.equal(words.get("timber wolf"), undefined);
    assert.equal(words.size, 347);
  });

  itShared("readBroaderWords() agrees with the groups of photos", "data/photos/truth.json", async (file) => {
    const names = imagenetClasses();
    const words = await readBroaderWords(names);
    const truth = JSON.parse(await readFile(file, "utf8")) as Record<string, { index: number; group: string }>;
    for (const { index, group } of Object.values(truth)) assert.equal(words.get(names[index] ?? ""), group);
  });

  it("widen() keeps the heaviest labels, and sums up all that is below a word", () => {
    const words = new Map([
      ["pug", "dog"],
      ["boxer", "dog"],
      ["tabby", "cat"],
    ]);
    const labels = [
      { label: "boxer", weight: 0.25 },
      { label: "pug", weight: 0.5 },
      { label: "tabby", weight: 0.125 },
      { label: "sofa", weight: 0.0625 },
    ];
    assert.deepEqual(widen(labels, words, 2), [
      { label: "pug", weight: 0.5 },
      { label: "boxer", weight: 0.25 },
      { label: "dog", weight: 0.75 },
      { label: "cat", weight: 0.125 },
    ]);
    const over = ["pug", "boxer"].map((label) => ({ label, weight: 0.6 }));
    assert.equal(widen(over, words, 1).at(-1)?.weight, 1);
  });

  it("judgeIndex() compares all that an index returns with the truth", async () => {
    const index = await openIndex(memoryStore());
    const weights = { a: 0.9, b: 0.7, c: 0.5, d: 0.2 };
    const model = { sha256: "ab".repeat(32), name: "m" };
    await index.addLabels(["dog"]);
    await index.add(
      Object.entries(weights).map(([path, weight], i) => ({
        path,
        sha256: `${i}`.repeat(64),
        size: 1,
        mtime: 0,
        labels: [{ label: "cat", weight }],
        model,
      })),
    );
    const questions: Question[] = [
      { kind: "one", query: "cat", relevant: new Set(["b", "c"]) },
      { kind: "one", query: "dog", relevant: new Set(["a"]) },
    ];
    const { scores, queries } = await judgeIndex(index, questions);
    // ranked a b c d: the precision at the places 2 and 3
    assert.deepEqual(queries[0], {
      kind: "one",
      query: "cat",
      relevant: 2,
      averagePrecision: (1 / 2 + 2 / 3) / 2,
      precisionAt5: 2 / 5,
      precisionAt10: 2 / 10,
      reciprocalRank: 1 / 2,
    });
    assert.equal(queries[1]?.averagePrecision, 0);
    assert.deepEqual(scores, [
      {
        kind: "one",
        queries: 2,
        meanAveragePrecision: (1 / 2 + 2 / 3) / 4,
        precisionAt5: 1 / 5,
        precisionAt10: 1 / 10,
        meanReciprocalRank: 1 / 4,
      },
    ]);
  });

  it("judgeChance() is near the share that is relevant", () => {
    const photos = Array.from({ length: 400 }, (_, i) => `${i}`);
    const questions = Array.from({ length: 30 }, (): Question => {
      return { kind: "any", query: "any", relevant: new Set(photos.slice(0, 100)) };
    });
    const [scores] = judgeChance(questions, photos).scores;
    assert.ok(Math.abs((scores?.meanAveragePrecision ?? 0) - 0.25) < 0.02, `${scores?.meanAveragePrecision}`);
  });

  it("questions are asked for classes, groups and two groups, and for one and two things in a photo", () => {
    const truth = new Map([
      ["a", { index: 0, group: "fish" }],
      ["b", { index: 1, group: "fish" }],
      ["c", { index: 7, group: "bird" }],
    ]);
    const asked = photoQuestions(truth, imagenetClasses()).map(({ query, relevant }) => [
      query,
      [...relevant].join(""),
    ]);
    assert.deepEqual(asked, [
      ['"tench"', "a"],
      ['"goldfish"', "b"],
      ['"cock"', "c"],
      ['"bird"', "c"],
      ['"fish"', "ab"],
      ['"bird" OR "fish"', "abc"],
    ]);
    const contents = new Map([
      ["x", new Set(["cat", "dog"])],
      ["y", new Set(["dog"])],
    ]);
    assert.deepEqual(
      collageQuestions(contents, ["cat", "dog", "frog"]).map(({ query, relevant }) => [query, [...relevant].join("")]),
      [
        ['"cat"', "x"],
        ['"dog"', "xy"],
        ['"cat" AND "dog"', "x"],
      ],
    );
  });

  it("retrievePhotos() on made-up pictures leaves an index to be asked, and its figures for every query", async function () {
    this.timeout(120_000);
    if (PROGRAM === undefined) this.skip(); // ONNX Runtime's thread needs compiled files
    const folder = await mkdtemp(join(tmpdir(), "onnx-graft-retrieval-"));
    try {
      const claims = await retrievePhotos({ say: () => {}, out: folder });
      assert.deepEqual(
        claims.map(({ holds }) => holds),
        [undefined, undefined, undefined, undefined],
      );
      const index = await openIndex(join(folder, "collages.db"), { readOnly: true });
      assert.equal((await index.stats()).photos, 60);
      assert.ok((await index.search("cat", { rank: "cosine" })).length > 0);
      await index.close();
      const { rows } = JSON.parse(await readFile(join(folder, "result.json"), "utf8")) as {
        rows: { ranking: string; query: string; relevant: number }[];
      };
      assert.ok(rows.some(({ ranking, query, relevant }) => ranking === "cosine" && query === '"cat"' && relevant > 0));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("main() refuses to start without photos", async () => {
    await assert.rejects(main([]), { code: "E_USAGE", hint: /--tiny/ });
  });
});
