import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { errorCode } from "../../toolkit/errors.ts";
import { checkGraph } from "../../toolkit/graph/check.ts";
import { hash } from "../../toolkit/graph/random.ts";
import { decodeModel } from "../../toolkit/onnx/decode.ts";
import { encodeModel } from "../../toolkit/onnx/encode.ts";
import { fixture } from "../support/fixtures.ts";

describe("onnx: damaged files", () => {
  it("decodeModel() gives a model that encodeModel() can write, or a coded error, for 2,000 damaged files", () => {
    const whole = readFileSync(fixture("goldens/operators/conv_groups2.onnx"));
    const codes = new Map<string, number>();
    for (let i = 0; i < 2000; i++) {
      const bytes = Uint8Array.from(whole);
      // one to three bytes, more often in the structure than in the weights
      for (let k = 0; k <= hash(1, i) % 3; k++) {
        bytes[hash(2, i, k) % (k === 0 ? bytes.length : 120)] = hash(3, i, k) % 256;
      }
      const code = outcome(i % 10 === 0 ? bytes.subarray(0, hash(4, i) % bytes.length) : bytes);
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    assert.ok((codes.get("decoded") ?? 0) > 50 && codes.size > 5, JSON.stringify([...codes]));
  });
});

/** "decoded" or the error's code; anything else is thrown on. */
function outcome(bytes: Uint8Array): string {
  try {
    const model = decodeModel(bytes);
    checkGraph(model.graph);
    encodeModel(model);
    return "decoded";
  } catch (error) {
    const code = errorCode(error);
    if (code?.startsWith("E_MODEL_")) return code;
    throw error;
  }
}
