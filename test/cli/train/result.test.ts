import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { createOutput } from "../../../cli/output.ts";
import { sayResult } from "../../../cli/train/result.ts";
import type { FineTuneResult } from "../../../toolkit/node.ts";

const RESULT: FineTuneResult = {
  status: "done",
  classes: ["a", "b"],
  stages: [],
  evaluation: undefined,
  model: new Uint8Array(1000),
  parity: undefined,
  bad: [],
};

/** What is said after a run on a folder with a space in its name. */
function said(test: number): string {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const out = createOutput({ json: false, stdout, stderr, isTTY: false, columns: 80, color: false });
  sayResult(out, "runs/1", RESULT, { data: "my photos", test });
  return String(stderr.read() ?? "");
}

describe("cli/train/result", () => {
  it("sayResult() says how to measure on the photos that were kept for a test, where there are any", () => {
    assert.match(
      said(12),
      /evaluate runs.1.model\.onnx "my photos" --split runs\/1 --part test +\(on the 12 photos that nothing has seen\)/,
    );
    assert.doesNotMatch(said(0), /evaluate/);
  });
});
