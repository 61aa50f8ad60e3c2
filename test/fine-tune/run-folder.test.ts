import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openRunFolder } from "../../toolkit/fine-tune/run-folder.ts";

describe("fine-tune/run-folder", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "run-folder-"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it("discard() leaves nothing behind, not even the folder that openRunFolder made to hold the run's", async () => {
    const folder = await openRunFolder(join(root, "runs", "photos-1"));
    mkdirSync(folder.checkpoints);
    writeFileSync(join(folder.path, "config.json"), "{}");
    await folder.discard();
    assert.deepEqual(readdirSync(root), []);
  });

  it("discard() leaves folders that were there, and other runs", async () => {
    mkdirSync(join(root, "runs"));
    await (await openRunFolder(join(root, "runs", "photos-1"))).discard();
    assert.deepEqual(readdirSync(root), ["runs"]);
    const first = await openRunFolder(join(root, "more", "photos-1"));
    const second = await openRunFolder(join(root, "more", "photos-2"));
    await first.discard();
    assert.deepEqual(readdirSync(join(root, "more")), ["photos-2"]);
    await second.release();
    assert.ok(existsSync(second.path));
  });

  it("discard() keeps a run that has a checkpoint", async () => {
    const folder = await openRunFolder(join(root, "run"));
    mkdirSync(folder.checkpoints);
    writeFileSync(join(folder.checkpoints, "step-1.ckpt"), "");
    writeFileSync(join(folder.path, "config.json"), "{}");
    await folder.discard();
    assert.deepEqual(readdirSync(folder.path).toSorted(), ["checkpoints", "config.json"]);
  });
});
