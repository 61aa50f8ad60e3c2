import assert from "node:assert/strict";
import { key } from "../../toolkit/graph/operator.ts";
import type { Gradients, Operators } from "../../toolkit/graph/operator.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { gradcheck } from "./gradcheck.ts";

/** The table with the thunks of one rule changed. */
function spoilt(type: string, change: (thunks: Gradients) => Gradients): Operators {
  const operator = operators.get(type);
  const gradient = operator?.gradient;
  assert.ok(operator && gradient);
  return new Map([...operators, [key(operator), { ...operator, gradient: (g) => change(gradient(g)) }]]);
}

const conv = [[2, 3, 5, 5], [4, 3, 3, 3], [4]] as const;

describe("support/gradcheck", () => {
  for (const left of [0, 1, 2]) {
    it(`refuses a rule of Conv that says null of input ${left}`, async () => {
      const table = spoilt("Conv", (thunks) => thunks.map((thunk, i) => (i === left ? null : thunk)));
      await assert.rejects(
        gradcheck("Conv", conv, {}, { operators: table, dtype: "float32" }),
        /the rule of Conv has gradients for other inputs than it should/,
      );
    });
  }

  it("refuses a rule of Mul that says null of one operand", async () => {
    const table = spoilt("Mul", ([first]) => [first ?? null, null]);
    await assert.rejects(gradcheck("Mul", [[3], [3]], {}, { operators: table }), /the rule of Mul/);
  });

  it("takes null of inputs that a case says have no gradient, and refuses a gradient of those", async () => {
    const table = spoilt("Mul", ([first]) => [first ?? null, null]);
    await gradcheck("Mul", [[3], [3]], {}, { operators: table, withoutGradient: [1] });
    await assert.rejects(gradcheck("Mul", [[3], [3]], {}, { withoutGradient: [1] }), /the rule of Mul/);
  });

  it("refuses a rule that is wrong by a factor", async () => {
    const table = spoilt("Mul", ([first]) => [first ?? null, first ?? null]);
    await assert.rejects(gradcheck("Mul", [[3], [3]], {}, { operators: table }), /differences say/);
  });
});
