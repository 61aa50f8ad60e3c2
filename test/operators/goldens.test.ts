import assert from "node:assert/strict";
import { errorCode } from "../../toolkit/errors.ts";
import { goldenNames, goldenOperator } from "../support/golden-operator.ts";

/** Stored cases of operators that have no gradient yet: they must be refused by a code that says so. */
const refused: ReadonlyMap<string, string> = new Map([
  ["pad_edge", "E_NO_GRADIENT"],
  ["pad_reflect", "E_NO_GRADIENT"],
  ["resize_linear_half_pixel", "E_MODEL_OP"],
  ["resize_linear_sizes", "E_MODEL_OP"],
  ["resize_nearest", "E_MODEL_OP"],
]);

describe("operators/index: PyTorch's outputs and gradients", () => {
  for (const name of goldenNames()) {
    const code = refused.get(name);
    if (code) {
      it(`refuses ${name} with ${code}`, () =>
        assert.rejects(goldenOperator(name), (error) => errorCode(error) === code));
      continue;
    }
    it(`agrees with PyTorch on ${name}`, () => goldenOperator(name));
  }
  // what is written otherwise for providers without CPU's extra operators
  for (const name of goldenNames().filter((n) => /^(conv|maxpool|averagepool|relu)/.test(n))) {
    it(`agrees with PyTorch on ${name} in standard operators only`, () => goldenOperator(name, { provider: "webgpu" }));
  }
});
