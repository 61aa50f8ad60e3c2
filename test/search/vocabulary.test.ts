import assert from "node:assert/strict";
import { parseQuery } from "../../toolkit/search/query.ts";
import { memoryStore } from "../../toolkit/search/stores/memory.ts";
import type { Condition } from "../../toolkit/search/plan.ts";
import { foldLabel, matchesPattern, vocabulary } from "../../toolkit/search/vocabulary.ts";

async function resolve(names: readonly string[], query: string): Promise<Condition> {
  const store = memoryStore();
  await store.write([{ kind: "labels", names }]);
  const words = vocabulary(store);
  await words.refresh();
  return words.resolve(parseQuery(query), 1);
}

const idsOf = (condition: Condition): readonly number[] => (condition.kind === "label" ? condition.labelIds : []);

describe("search/vocabulary", () => {
  it("foldLabel() leaves case, width, composition, underscores and white space out", () => {
    assert.equal(foldLabel("  Golden_ \tRetriever "), "golden retriever");
    assert.equal(foldLabel("CAFE\u0301"), foldLabel("caf\u00e9"));
    assert.equal(foldLabel("ｃａｔ"), "cat");
    assert.equal(foldLabel("КОШКА"), "кошка");
  });

  it("matchesPattern() lets * stand for any text", () => {
    const cases: readonly (readonly [string, string, boolean])[] = [
      ["cat*", "cat", true],
      ["cat*", "cattle", true],
      ["cat*", "bobcat", false],
      ["*cat", "bobcat", true],
      ["*", "", true],
      ["a*a", "a", false],
      ["a*a", "aa", true],
      ["a*b*c", "axbxc", true],
      ["a*b*c", "axcxb", false],
      ["ab*bc", "abc", false],
      ["a**b", "ab", true],
      ["a.c", "abc", false],
    ];
    for (const [pattern, name, expected] of cases)
      assert.equal(matchesPattern(pattern, name), expected, `${pattern} ${name}`);
  });

  it("matchesPattern() is quick where a regular expression would not be", () => {
    assert.equal(matchesPattern(`${"a*".repeat(2000)}b`, "a".repeat(100_000)), false);
  });

  it("resolve() takes all labels that differ only in case as one", async () => {
    assert.deepEqual(idsOf(await resolve(["Cat", "dog", "cat"], "CAT")), [1, 3]);
    assert.deepEqual(idsOf(await resolve(["golden_retriever", "golden eagle"], '"Golden Retriever"')), [1]);
    assert.deepEqual(idsOf(await resolve(["dog", "golden eagle", "golden retriever"], "golden*")), [2, 3]);
  });

  it("resolve() names the nearest labels when one is unknown", async () => {
    const names = ["cat", "dog", "golden retriever", "goldfish"];
    const hints: readonly (readonly [string, RegExp])[] = [
      ["cta", /did you mean "cat"/],
      ["retriever", /did you mean "golden retriever"/],
      ['dog "golden retreiver"', /did you mean "golden retriever"/],
      ["dog and cat", /write AND in capitals/],
      ["-zebra", /list the labels/],
      ["zeb*", /list the labels/],
      ["x".repeat(4000), /list the labels/],
    ];
    for (const [query, hint] of hints) await assert.rejects(resolve(names, query), { code: "E_QUERY_LABEL", hint });
    await assert.rejects(resolve(names, 'dog "golden retreiver"'), { message: /column 5/ });
    await assert.rejects(resolve([], "cat"), { code: "E_QUERY_LABEL", hint: /the index is empty/ });
  });
});
