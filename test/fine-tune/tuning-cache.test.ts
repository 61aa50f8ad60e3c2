import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clearTunings, openTunings, tuningUsage } from "../../toolkit/fine-tune/tuning-cache.ts";

describe("fine-tune/tuning-cache", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "onnx-graft-tunings-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("keeps a text under what it is about, for the next run too", async () => {
    const first = openTunings({ folder });
    assert.equal(await first.get("a"), undefined);
    await first.set("a", "one");
    await first.set("b", "two");
    await first.set("a", "three");
    const second = openTunings({ folder });
    assert.deepEqual(
      [await second.get("a"), await second.get("b"), await second.get("c")],
      ["three", "two", undefined],
    );
  });

  it("says which runtime, version and processor it is", () => {
    assert.match(openTunings({ folder }).machine, /^onnxruntime-node \d+\.\d+\.\d+ on \w+ \w+, \d+ cores of \S/);
  });

  it("tuningUsage() and clearTunings() count and remove tunings, and leave other files alone", async () => {
    assert.deepEqual(await tuningUsage(folder), { files: 0, bytes: 0 });
    await openTunings({ folder }).set("a", "12345");
    await writeFile(join(folder, "tunings", "notes.txt"), "mine");
    assert.deepEqual(await tuningUsage(folder), { files: 1, bytes: 5 });
    assert.deepEqual(await clearTunings(folder), { files: 1, bytes: 5 });
    assert.deepEqual(await readdir(join(folder, "tunings")), ["notes.txt"]);
  });
});
