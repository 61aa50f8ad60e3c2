import assert from "node:assert/strict";
import { key } from "../../toolkit/graph/operator.ts";
import { operators } from "../../toolkit/operators/index.ts";

describe("operators/index", () => {
  it("keys each operator by its own domain and type", () => {
    for (const [name, operator] of operators) assert.equal(name, key(operator));
  });

  it("leaves the gradient of gradient operators unwritten", () => {
    for (const [name, operator] of operators) {
      if (name.startsWith("onnx-graft.") && name !== "onnx-graft.BatchNormalizationTraining")
        assert.equal(operator.gradient, undefined, name);
    }
  });
});
