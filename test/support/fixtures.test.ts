import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describeShared, fixture, type GoldenTensor, itShared, readJson, readTensor, shared } from "./fixtures.ts";

describe("support/fixtures", () => {
  it("finds test/fixtures from the sources and from dist", () => {
    assert.ok(existsSync(fixture("goldens/operators/relu.onnx")), fixture("goldens/operators/relu.onnx"));
  });

  it("reads a stored tensor with its shape and values", () => {
    const { inputs } = readJson<{ inputs: { x: GoldenTensor } }>(fixture("goldens/operators/relu.json"));
    const x = readTensor(inputs.x);
    assert.deepEqual([x.dtype, x.data.length], ["float32", x.shape.reduce((a, b) => a * b, 1)]);
    assert.ok(x.data.every((v) => Number.isFinite(v) && v !== 0));
  });

  it("reads int64 labels as bigint", () => {
    const t = readTensor({ shape: [2], dtype: "int64", data: "AwAAAAAAAAD//////////w==" });
    assert.deepEqual([...t.data], [3n, -1n]);
  });

  it("refuses bytes that do not fill the shape", () => {
    assert.throws(() => readTensor({ shape: [3], dtype: "float32", data: "AAAAAAAAAAA=" }), { code: "E_SHAPE" });
  });

  it("gives undefined for what is not beside the repository", () => {
    assert.equal(shared("no such folder"), undefined);
  });

  it("lists every form of ResNet18 with its file, its head's weight and its logits", () => {
    interface Form {
      readonly file: string;
      readonly headWeight: string;
      readonly softmax: boolean;
    }
    const { forms } = readJson<{ forms: Record<string, Form> }>(fixture("forms/forms.json"));
    const reference = readJson<{ forms: Record<string, { logits: GoldenTensor; probabilities?: GoldenTensor }> }>(
      fixture("forms/reference.json"),
    );
    assert.deepEqual(Object.keys(reference.forms), Object.keys(forms));
    for (const [name, form] of Object.entries(forms)) {
      assert.ok(readFileSync(fixture(`forms/${form.file}`)).includes(form.headWeight), name);
      assert.deepEqual(reference.forms[name]?.logits.shape, [2, 10], name);
      assert.equal(reference.forms[name]?.probabilities !== undefined, form.softmax, name);
    }
  });

  // bodies that must not run
  itShared("does not run a test whose folder is missing", "no such folder", () => assert.fail("it ran"));
  describeShared("a suite whose folder is missing", "no such folder", () => assert.fail("it ran"));
});
