import assert from "node:assert/strict";
import { openTunings } from "../../../toolkit/fine-tune/tuning-cache.ts";
import { jsonLines, runHere, temporaryFolder } from "../cli-case.ts";

describe("cli/commands/cache", () => {
  const path = temporaryFolder();
  const given = process.env["ONNX_GRAFT_CACHE"];
  beforeEach(() => {
    process.env["ONNX_GRAFT_CACHE"] = path("cache");
  });
  afterEach(() => {
    if (given === undefined) delete process.env["ONNX_GRAFT_CACHE"];
    else process.env["ONNX_GRAFT_CACHE"] = given;
  });

  it("cache list and clear count tunings", async () => {
    const list = async (): Promise<unknown> =>
      jsonLines((await runHere(["cache", "list", "--json"])).stdout)[0]?.["tunings"];
    assert.deepEqual(await list(), { files: 0, bytes: 0 });
    await openTunings({ folder: path("cache") }).set("a step", "12345");
    assert.deepEqual(await list(), { files: 1, bytes: 5 });
    assert.match((await runHere(["cache", "list"])).stdout, /^tunings +1 file +5 bytes$/m);
    assert.match((await runHere(["cache", "clear"])).stdout, /: removed 1 file, 5 bytes\n$/);
    assert.deepEqual(await list(), { files: 0, bytes: 0 });
  });
});
