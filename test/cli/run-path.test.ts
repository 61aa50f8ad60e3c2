import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { defaultRunFolder } from "../../cli/train/run-path.ts";
import { temporaryFolder } from "./cli-case.ts";

describe("cli/train/run-path", () => {
  const at = temporaryFolder();
  const home = process.cwd();
  before(() => process.chdir(at()));
  after(() => process.chdir(home));

  it("counts on from the last run, and goes on with it", async () => {
    assert.equal(await defaultRunFolder("some/photos/", { resume: false }), "runs/photos-1");
    await assert.rejects(defaultRunFolder("photos", { resume: true }), { code: "E_RUN_FOLDER" });
    for (const name of ["photos-1", "photos-9", "photos-10", "photos-old", "other-12"]) {
      await mkdir(at("runs", name), { recursive: true });
    }
    assert.equal(await defaultRunFolder("photos", { resume: false }), "runs/photos-11");
    assert.equal(await defaultRunFolder("photos", { resume: true }), "runs/photos-10");
  });
});
