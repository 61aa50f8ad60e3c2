import assert from "node:assert/strict";
import { sgd } from "../../toolkit/optimizers/sgd.ts";

describe("optimizers/sgd", () => {
  it("sgd() refuses Nesterov's form without momentum, or with dampening", () => {
    assert.throws(() => sgd({ nesterov: true }), { code: "E_SETTING" });
    assert.throws(() => sgd({ nesterov: true, momentum: 0.9, dampening: 0.1 }), { code: "E_SETTING" });
  });
  it("sgd() without momentum keeps no state", () => {
    assert.deepEqual(sgd().state([{ name: "p", dtype: "float32", shape: [3] }]), []);
  });
});
