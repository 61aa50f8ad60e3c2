import assert from "node:assert/strict";
import fc from "fast-check";
import type { Query } from "../../toolkit/search/query.ts";
import { MAX_QUERY_LENGTH, MAX_QUERY_NESTING, MAX_QUERY_TERMS, parseQuery } from "../../toolkit/search/query.ts";

/** The query with every grouping shown: `(cat & !dog>=0.3)`; weights in parts per million. */
function shape(query: Query): string {
  if (query.kind === "not") return `!${shape(query.of)}`;
  if (query.kind !== "term") return `(${query.of.map(shape).join(query.kind === "and" ? " & " : " | ")})`;
  const bound = query.minPpm === null ? "" : `>=${query.minPpm}`;
  const boost = query.boost === 1000 ? "" : `^${query.boost}`;
  return `${query.wildcard ? "~" : ""}${query.text}${bound}${boost}`;
}

const nested = (depth: number): string => `${"(".repeat(depth)}cat${")".repeat(depth)}`;

describe("search/query", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["cat", "cat"],
    ["  cat  ", "cat"],
    ["cat dog", "(cat & dog)"],
    ["cat AND dog", "(cat & dog)"],
    ["cat OR dog bird", "(cat | (dog & bird))"],
    ["(cat OR dog) bird", "((cat | dog) & bird)"],
    ["cat\n\tdog\u00a0bird\u3000fox", "(cat & dog & bird & fox)"],
    ["NOT cat", "!cat"],
    ["-cat", "!cat"],
    ["- cat", "!cat"],
    ["!cat dog", "(!cat & dog)"],
    ["NOT(cat dog)", "!(cat & dog)"],
    ["!-cat", "cat"],
    [`${"!".repeat(4001)}cat`, "!cat"],
    ["cat -dog OR bird", "((cat & !dog) | bird)"],
    ['"golden retriever" dog', "(golden retriever & dog)"],
    ["“golden retriever”", "golden retriever"],
    ['"a \\"b\\" \\\\c"', 'a "b" \\c'],
    ['"NOT (a OR b)"', "NOT (a OR b)"],
    ['"cat*"', "cat*"],
    ["cat*", "~cat*"],
    ["*", "~*"],
    ["cat>0.8", "cat>=800001"],
    ["cat:0.8", "cat>=800001"],
    ["cat:>=0.8", "cat>=800000"],
    ["cat >= .8", "cat>=800000"],
    ["cat<0.3", "!cat>=300000"],
    ["cat<=0.3", "!cat>=300001"],
    ["cat>0", "cat>=1"],
    ["cat>1", "cat>=1000001"],
    ["-cat<0.3", "!!cat>=300000"],
    ["cat^2", "cat^2000"],
    ["cat>0.5^0.25 dog", "(cat>=500001^250 & dog)"],
    ['"golden retriever":0.8^3', "golden retriever>=800001^3000"],
    ["5>0.9 OR 3", "(5>=900001 | 3)"],
    ["t-shirt wow! C++ a.b, it's", "(t-shirt & wow! & C++ & a.b, & it's)"],
    ["and or not ANDROID NOTE", "(and & or & not & ANDROID & NOTE)"],
    ["кошка 犬 😀", "(кошка & 犬 & 😀)"],
    ["cat;DROP TABLE image--", "(cat;DROP & TABLE & image--)"],
    ["nul\0byte", "nul\0byte"],
  ];
  for (const [text, expected] of cases) {
    it(`reads ${JSON.stringify(text.length > 50 ? `${text.slice(0, 50)}...` : text)}`, () =>
      assert.equal(shape(parseQuery(text)), expected));
  }

  const refused: readonly (readonly [string, RegExp])[] = [
    ["", /the query is empty/],
    ["  \n", /the query is empty/],
    ["cat OR", /expected "\(", NOT, a label at column 7, found the end/],
    ["OR cat", /a label at column 1, found "O"/],
    ["cat AND AND dog", /column 9/],
    ["(cat", /expected .*"\)".* at column 5, found the end/],
    ["cat)", /at column 4, found "\)"/],
    ["()", /a label at column 2, found "\)"/],
    ['"cat', /a closing quote at column 5, found the end/],
    ['""', /the label at column 1 is empty/],
    ["cat>", /a number at column 5/],
    ["cat>x", /a number at column 5, found "x"/],
    ["cat>0.8dog", /column 5/],
    ["cat>-1", /column 5/],
    ["cat=0.8", /a weight like >0.8.* at column 4, found "="/],
    ["cat>80", /a weight between 0 and 1 at column 4, found 80/],
    ["cat>=0", /">=0" at column 4 is true of every photo/],
    ["cat<0", /"<0" at column 4 is true of no photo/],
    ["cat^", /a number at column 5/],
    ["cat^0", /a boost above 0 and up to 100 at column 4/],
    ["cat^1000", /a boost above 0 and up to 100 at column 4/],
    ["-", /a label at column 2, found the end/],
    ["cat\u0001^", /column/],
  ];
  for (const [text, message] of refused) {
    it(`refuses ${JSON.stringify(text)} and says where`, () =>
      assert.throws(() => parseQuery(text), { code: "E_QUERY", message }));
  }

  it("refuses what would overflow the parser's stack, at once", () => {
    for (const text of [
      "(".repeat(100_000),
      `${"(".repeat(2000)}cat${")".repeat(2000)}`,
      "a ".repeat(50_000),
      "-(".repeat(2000),
      '"'.repeat(99_999),
    ]) {
      assert.throws(() => parseQuery(text), { code: "E_QUERY" });
    }
  });

  it("reads what is just within the limits, and nothing beyond", () => {
    assert.equal(shape(parseQuery(nested(MAX_QUERY_NESTING))), "cat");
    assert.throws(() => parseQuery(nested(MAX_QUERY_NESTING + 1)), { code: "E_QUERY", message: /nested/ });
    assert.equal(parseQuery("c".repeat(MAX_QUERY_LENGTH)).kind, "term");
    assert.throws(() => parseQuery("c".repeat(MAX_QUERY_LENGTH + 1)), { code: "E_QUERY", message: /characters/ });
    assert.equal(parseQuery("c ".repeat(MAX_QUERY_TERMS)).kind, "and");
    assert.throws(() => parseQuery("c ".repeat(MAX_QUERY_TERMS + 1)), { code: "E_QUERY", message: /65 labels/ });
    assert.equal(shape(parseQuery(`"${"(".repeat(100)}"`)), "(".repeat(100));
  });

  it("answers any text with a query or E_QUERY", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "cat",
        "AND",
        "OR",
        "NOT",
        "(",
        ")",
        '"',
        "-",
        "!",
        ">",
        "<=",
        ":",
        "^",
        "0.5",
        "*",
        " ",
        "\\",
        "\0",
      ),
      fc.string({ unit: "binary", maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        try {
          parseQuery(pieces.join(""));
        } catch (error) {
          assert.equal((error as { code?: string }).code, "E_QUERY");
        }
      }),
      { numRuns: 2000 },
    );
  });
});
