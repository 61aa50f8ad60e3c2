import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import type { LabelIndex } from "../../toolkit/search/label-index.ts";
import { openIndex } from "../../toolkit/search/open-index.ts";
import type { IndexedPhoto } from "../../toolkit/search/photo.ts";
import type { ModelStamp, Store } from "../../toolkit/search/store.ts";
import type { Tree } from "../search/oracle.ts";
import { Oracle, printTree } from "../search/oracle.ts";

export const digest = (text: string): string => createHash("sha256").update(text).digest("hex");
export const model: ModelStamp = { sha256: digest("model"), name: "resnet18" };

/** A photo of some labels; its content is its name unless said otherwise. */
export function photo(
  path: string,
  labels: Readonly<Record<string, number>>,
  more: Partial<IndexedPhoto> = {},
): IndexedPhoto {
  const weights = Object.entries(labels).map(([label, weight]) => ({ label, weight }));
  return { path, sha256: digest(path), size: 10, mtime: 1000, model, labels: weights, ...more };
}

const paths = async (index: LabelIndex, query: string): Promise<string[]> =>
  (await index.search(query)).flatMap((hit) => hit.paths);

const floats = (...values: number[]): Float32Array => new Float32Array(values);

/** What every store must do, asked through the index. */
export function storeSuite(open: () => Promise<Store>): void {
  const using = async (work: (index: LabelIndex, store: Store) => Promise<void>): Promise<void> => {
    const store = await open();
    const index = await openIndex(store);
    await work(index, store).finally(() => index.close());
  };

  it("gives back paths and labels as they were given", () =>
    using(async (index) => {
      const odd = [
        "line\nbreak",
        "nul\0byte",
        "lone\ud800surrogate",
        "caf\u00e9",
        "cafe\u0301",
        "😀",
        "a'; DROP TABLE image; --",
        " ",
        "\\",
        "%_",
      ];
      await index.add(
        odd.map((name) => photo(name, { [`label ${name}`]: 0.5 }, { sha256: digest(JSON.stringify(name)) })),
      );
      const hits = await index.search("*");
      assert.deepEqual(hits.flatMap((hit) => hit.paths).sort(), [...odd].sort());
      for (const hit of hits) assert.equal(hit.labels[0]?.label, `label ${hit.paths[0]}`);
      for (const name of odd) assert.ok(await index.has(name, 10, 1000, model.sha256), JSON.stringify(name));
      assert.equal(await index.remove("nul\0byte"), true);
      assert.equal((await index.stats()).files, odd.length - 1);
    }));

  it("keeps one photo for two paths of the same content, and drops it with the last path", () =>
    using(async (index) => {
      const sha256 = digest("same");
      await index.add([photo("b", { cat: 0.5 }, { sha256 }), photo("a", { cat: 0.7 }, { sha256 })]);
      assert.deepEqual(
        (await index.search("cat")).map((hit) => [hit.paths, hit.score]),
        [[["a", "b"], 0.7]],
      );
      await index.remove("a");
      assert.deepEqual(await paths(index, "cat"), ["b"]);
      await index.add([photo("b", { dog: 0.5 }, { sha256: digest("other") })]);
      assert.deepEqual(await paths(index, "cat"), []);
      assert.equal((await index.stats()).photos, 1);
    }));

  it("moves a path between read and unreadable", () =>
    using(async (index) => {
      await index.add([photo("a", { cat: 0.5 })]);
      await index.addFailed("a", "E_IMAGE_DECODE", { size: 10, mtime: 1000 });
      assert.deepEqual(await index.failures(), [{ path: "a", code: "E_IMAGE_DECODE" }]);
      assert.deepEqual(await paths(index, "cat"), []);
      assert.equal(await index.has("a", 10, 1000, model.sha256), false);
      await index.add([photo("a", { cat: 0.5 })]);
      assert.deepEqual(await index.failures(), []);
      assert.equal(await index.has("a", 10, 1000, model.sha256), true);
    }));

  it("writes all of a batch or nothing", () =>
    using(async (index) => {
      const sha256 = `${digest("a").slice(0, 16)}${digest("b").slice(16)}`;
      await assert.rejects(index.add([photo("a", { cat: 0.5 }), photo("b", { dog: 0.5 }, { sha256 })]), {
        code: "E_STORE",
      });
      assert.equal((await index.stats()).files, 0);
      assert.deepEqual(await index.labels(), []);
      await index.add([photo("c", { dog: 0.5 })]);
      assert.deepEqual(await paths(index, "dog"), ["c"]);
    }));

  it("compares features of one model only", () =>
    using(async (index) => {
      const other = { sha256: digest("another model"), name: "other" };
      await index.add([
        photo("a", { cat: 1 }, { features: floats(1, 0) }),
        photo("b", { cat: 1 }, { features: floats(1, 1) }),
        photo("c", { cat: 1 }, { features: floats(2, 0.1) }),
        photo("d", { cat: 1 }, { features: floats(1, 0), model: other }),
        photo("e", { cat: 1 }),
      ]);
      assert.deepEqual(
        (await index.similar("a")).flatMap((hit) => hit.paths),
        ["c", "b"],
      );
      assert.deepEqual(await index.similar("d"), []);
      await assert.rejects(index.similar("e"), { code: "E_STORE" });
      await assert.rejects(index.similar("nowhere"), { code: "E_STORE" });
      await index.add([photo("a", { cat: 1 })]);
      await assert.rejects(index.similar("a"), { code: "E_STORE" }, "features went with the labels they came with");
    }));

  it("agrees with a naive index after any changes, ties included", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 1, maxLength: 40 }),
        fc.array(question, { minLength: 1, maxLength: 15 }),
        (changes, questions) => using((index) => compare(index, changes, questions)),
      ),
      { numRuns: 100 },
    );
  });
}

const LABELS = ["cat", "Cat", "dog", "golden retriever", "golden eagle"] as const;
const PATHS = ["a", "b", "c", "d", "e", "f"];

const indexedPhoto = fc
  .record({
    path: fc.constantFrom(...PATHS),
    content: fc.integer({ min: 0, max: 8 }),
    weights: fc.dictionary(fc.constantFrom(...LABELS), fc.constantFrom(0, 0.25, 0.3, 0.5, 0.500001, 1)),
    features: fc.option(fc.array(fc.integer({ min: -2, max: 2 }), { minLength: 2, maxLength: 2 }), { nil: undefined }),
    modelName: fc.constantFrom("one", "two"),
  })
  .map(({ path, content, weights, features, modelName }) =>
    photo(path, weights, {
      sha256: digest(String(content)),
      model: { sha256: digest(modelName), name: modelName },
      ...(features ? { features: new Float32Array(features) } : {}),
    }),
  );

type Step =
  | { readonly kind: "add"; readonly photos: readonly IndexedPhoto[] }
  | { readonly kind: "failed" | "remove"; readonly path: string };

const change: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("add" as const), photos: fc.array(indexedPhoto, { maxLength: 6 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom("failed" as const, "remove" as const),
      path: fc.constantFrom(...PATHS),
    }),
  },
);

const tree: fc.Arbitrary<Tree> = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.record({
      kind: fc.constant("term" as const),
      name: fc.constantFrom("cat", "CAT", "dog", "golden retriever", "golden*", "*", "*o*"),
      bound: fc.constantFrom("", "", "", ">0.3", ">=0.3", "<0.5", "<=0.5", ":0.25"),
      boost: fc.constantFrom(1, 1, 2, 0.5),
    }),
    fc.record({
      kind: fc.constantFrom("and" as const, "or" as const),
      of: fc.array(tie("tree"), { minLength: 2, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant("not" as const), of: tie("tree") }),
  ),
})).tree;

const question = fc.record({
  tree,
  rank: fc.constantFrom("weight" as const, "cosine" as const),
  limit: fc.integer({ min: 1, max: 10 }),
  offset: fc.integer({ min: 0, max: 3 }),
});

type Question = {
  readonly tree: Tree;
  readonly rank: "weight" | "cosine";
  readonly limit: number;
  readonly offset: number;
};

async function compare(index: LabelIndex, changes: readonly Step[], questions: readonly Question[]): Promise<void> {
  const oracle = new Oracle();
  await index.addLabels(LABELS);
  for (const step of changes) {
    if (step.kind === "add") {
      for (const one of step.photos) oracle.add(one);
      assert.equal(await index.add(step.photos), step.photos.length);
    } else if (step.kind === "remove") {
      assert.equal(await index.remove(step.path), oracle.remove(step.path));
    } else {
      oracle.addFailed(step.path, "E_IMAGE_READ");
      await index.addFailed(step.path, "E_IMAGE_READ");
    }
  }
  for (const { tree: asked, rank, limit, offset } of questions) {
    const hits = await index.search(printTree(asked), { rank, limit, offset });
    const expected = oracle.search(asked, LABELS, rank).slice(offset, offset + limit);
    assert.deepEqual(
      hits.map((hit) => [hit.imageId, hit.paths]),
      expected.map((answer) => [answer.imageId, answer.paths]),
      `${rank} ${printTree(asked)}`,
    );
    for (const [i, hit] of hits.entries()) {
      const score = expected[i]?.score ?? NaN;
      assert.ok(
        Math.abs(hit.score - (rank === "cosine" ? Math.min(1, score) : score)) < 1e-12,
        `${rank} ${printTree(asked)}`,
      );
    }
  }
  for (const path of PATHS) {
    const expected = oracle.similar(path);
    if (!expected) continue;
    const hits = await index.similar(path);
    assert.deepEqual(
      hits.map(({ imageId, score }) => ({ imageId, score })),
      expected,
    );
  }
  assert.deepEqual(
    (await index.labels()).map((row) => [row.label, row.photos]),
    oracle.counts(),
  );
  assert.deepEqual(
    (await index.failures()).map((row) => row.path),
    [...oracle.failed.keys()].sort(),
  );
  const { photos, files, failed } = await index.stats();
  assert.deepEqual(
    [photos, files, failed],
    [oracle.photos.size, oracle.files.size + oracle.failed.size, oracle.failed.size],
  );
}
