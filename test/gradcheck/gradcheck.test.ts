import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { fixture, root } from "../support/fixtures.ts";

const run = promisify(execFile);

describe("gradcheck/gradcheck", () => {
  it("prints a line for every parameter of the model that it is given, and what came of all", async () => {
    const script = join(root, "test", "gradcheck", "gradcheck.ts");
    const words = ["--import=tsx", script, fixture("resnet18-width8/bn.onnx")];
    const { stdout } = await run(process.execPath, words, { cwd: root });
    const lines = stdout.trimEnd().split("\n");
    assert.match(lines.at(-1) ?? "", /^\d+ ok, 0 wrong, \d+ inconclusive$/);
    assert.equal(lines.length, 62 + 1);
    assert.match(stdout, /^ok +bn\.onnx head\.weight \(Gemm "head"\): 0\.\d\d % along the gradient$/m);
  });
});
