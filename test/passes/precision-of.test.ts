import assert from "node:assert/strict";
import { readModelFile } from "../../toolkit/onnx/read-file.ts";
import { precisionOf } from "../../toolkit/passes/precision-of.ts";
import { fixture } from "../support/fixtures.ts";

describe("passes/precision-of", () => {
  it("precisionOf tells how the weights of a file are stored", async () => {
    const of = async (name: string): Promise<string> => precisionOf((await readModelFile(fixture(name))).graph);
    assert.equal(await of("resnet18-width8/folded.onnx"), "float32");
    assert.equal(await of("forms/float16-initializers.onnx"), "float16");
  });
});
