import assert from "node:assert/strict";
import { errorMessage } from "../../../toolkit/errors.ts";
import { compareTypes, compareValues, nodeCases, readCase } from "../../support/node-case.ts";
import type { NodeCase, Outcome } from "../../support/node-case.ts";

/** Why cases of operators the toolkit reads are refused, and how many: a case that comes or goes must be explained here. */
const refusals: readonly (readonly [string, RegExp, number])[] = [
  ["E_MODEL_OP", /control flow is not supported$/, 28],
  ["E_MODEL_OP", /has no meaning at inference$/, 33],
  ["E_MODEL_OP", /came with opset (18|19|20)$/, 11],
  ["E_MODEL_OP", /takes up keys and values of the past$/, 20],
  ["E_MODEL_OP", /allowzero with an extent of 0$/, 1],
];

/**
 * Cases whose values are not compared: dropout in training form, which is random and is read in inference form,
 * and two that ONNX Runtime's own tests leave out, as it counts the extent of a map that shrinks in another way.
 */
const incomparable = new Set([
  "training_dropout",
  "training_dropout_default",
  "resize_downsample_scales_cubic_align_corners",
  "resize_downsample_scales_linear_align_corners",
]);

/** Cases of operators that are neither in the table nor rewritten, at the most. */
const unsupported = 270;

/** Cases with an extent that is not known before the graph runs. */
const withOpenExtents = 12;

/** Cases for whose element types ONNX Runtime has no kernel on the CPU. */
const withoutKernel = 9;

describe("passes/normalise on the ONNX project's own cases of its operators", () => {
  const { all, leftOut, cases } = nodeCases();
  const read: (readonly [NodeCase, Outcome])[] = [];
  const inferred = (): readonly (readonly [NodeCase, Outcome & { kind: "inferred" }])[] =>
    read.flatMap(([stored, outcome]) => (outcome.kind === "inferred" ? [[stored, outcome] as const] : []));

  before("read", () => {
    read.push(...cases.map((stored) => [stored, readCase(stored)] as const));
  });

  it("each case is stored, or the fixture says why not", () => {
    assert.deepEqual(leftOut, {
      "a sequence, an optional value or a sparse tensor": 29,
      "an element type the toolkit does not read": 190,
      "an opset the toolkit does not read": 109,
      "another domain": 33,
    });
    const others = Object.values(leftOut).reduce((sum, n) => sum + n, 0);
    assert.equal(cases.length + others, all);
    assert.equal(all, 1884);
  });

  it("shapes and element types of every output are those of the case", () => {
    const open: string[] = [];
    const wrong = inferred().flatMap(([stored, { graph }]) =>
      complaint(() => {
        if (compareTypes(stored, graph)) open.push(stored.name);
      }),
    );
    assert.deepEqual(wrong, []);
    assert.equal(open.length, withOpenExtents, open.join(", "));
    assert.ok(inferred().length >= 1160, `${inferred().length} cases`);
  });

  it("the normalised graph computes the case's values", async () => {
    const wrong: string[] = [];
    const names: Record<"equal" | "no kernel" | "no values", string[]> = {
      equal: [],
      "no kernel": [],
      "no values": [],
    };
    for (const [stored, { graph }] of inferred().filter(([{ name }]) => !incomparable.has(name))) {
      try {
        names[await compareValues(stored, graph)].push(stored.name);
      } catch (error) {
        wrong.push(errorMessage(error));
      }
    }
    assert.deepEqual(wrong, []);
    assert.equal(names["no kernel"].length, withoutKernel, names["no kernel"].join(", "));
    assert.ok(names.equal.length >= 1090, `${names.equal.length} cases, ${names["no values"].length} without values`);
  });

  it("no more cases than before are of operators that are not read", () => {
    const names = read.flatMap(([stored, { kind }]) => (kind === "unsupported" ? [stored.name] : []));
    assert.ok(names.length <= unsupported, names.join(", "));
  });

  it("what is refused is refused with a code, and for a reason that is known", () => {
    const refused = read.flatMap(([{ name }, outcome]) => (outcome.kind === "refused" ? [{ name, ...outcome }] : []));
    const reasonOf = (code: string, message: string): number =>
      refusals.findIndex(([of, pattern]) => of === code && pattern.test(message));
    const unknown = refused.filter(({ code, message }) => reasonOf(code, message) < 0);
    assert.deepEqual(unknown, []);
    for (const [i, [code, pattern, count]] of refusals.entries()) {
      const names = refused.filter((r) => reasonOf(r.code, r.message) === i).map(({ name }) => name);
      assert.equal(names.length, count, `${code} ${String(pattern)}: ${names.join(", ")}`);
    }
  });
});

function complaint(check: () => void): readonly string[] {
  try {
    check();
    return [];
  } catch (error) {
    return [errorMessage(error)];
  }
}
