import assert from "node:assert/strict";
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openJournal } from "../../toolkit/sweep/journal.ts";
import type { TrialRecord } from "../../toolkit/sweep/trial.ts";

const score = { status: "done", quality: 0.9, metric: "accuracy", loss: 0.3, photos: 20, epoch: 2 } as const;
const done = (rate: number): TrialRecord => ({ settings: { rate, decay: 0, seed: 0 }, seconds: 1, ...score });
const failed = (rate: number): TrialRecord => ({
  settings: { rate, decay: 0, seed: 0 },
  seconds: 1,
  status: "failed",
  code: "E_NONFINITE_LOSS",
  message: "Cannot go on",
});

describe("sweep/journal", () => {
  let path = "";
  before(async () => {
    path = await mkdtemp(join(tmpdir(), "onnx-graft-journal-"));
  });
  after(() => rm(path, { recursive: true }));

  it("openJournal() finds what was added by the settings, in any order, in this process and the next", async () => {
    const file = join(path, "a.jsonl");
    const first = await openJournal(file);
    assert.equal(first.find({ rate: 1 }), undefined);
    await first.add(done(1));
    assert.deepEqual(first.find({ seed: 0, decay: 0, rate: 1 }), done(1));
    await first.add(failed(2));
    await first.close();
    const second = await openJournal(file);
    assert.deepEqual(second.find({ decay: 0, rate: 1, seed: 0, threads: 2 }), done(1));
    assert.deepEqual(second.find({ rate: 2, decay: 0, seed: 0 }), failed(2));
    assert.equal(second.find({ rate: 1, decay: 0, seed: 1 }), undefined);
    await second.close();
  });

  it("openJournal() passes over a line that a crash cut off, and what is added behind it is found again", async () => {
    const file = join(path, "torn.jsonl");
    const line = JSON.stringify(done(1));
    for (let length = 1; length < line.length; length += 17) {
      await writeFile(file, `${line}\n${line.replace('"rate":1', '"rate":3').slice(0, length)}`);
      const journal = await openJournal(file);
      assert.deepEqual(journal.find({ rate: 1, decay: 0, seed: 0 }), done(1));
      assert.equal(journal.find({ rate: 3, decay: 0, seed: 0 }), undefined);
      await journal.add(done(2));
      await journal.close();
      const next = await openJournal(file);
      assert.deepEqual(next.find({ rate: 2, decay: 0, seed: 0 }), done(2), `cut at ${length}`);
      await next.close();
    }
    assert.ok((await readFile(file, "utf8")).endsWith("\n"));
  });

  it("openJournal() passes over lines that are JSON but no trial", async () => {
    const file = join(path, "foreign.jsonl");
    await appendFile(file, `null\n[]\n{"status":"done"}\n"text"\n${JSON.stringify(done(4))}\n`);
    const journal = await openJournal(file);
    assert.deepEqual(journal.find({ rate: 4, decay: 0, seed: 0 }), done(4));
    await journal.close();
  });

  it("openJournal() forgets failed trials where they are to be tried again; the later record counts", async () => {
    const file = join(path, "retry.jsonl");
    await writeFile(file, [failed(1), done(2)].map((r) => `${JSON.stringify(r)}\n`).join(""));
    const journal = await openJournal(file, { retryFailed: true });
    assert.equal(journal.find({ rate: 1, decay: 0, seed: 0 }), undefined);
    assert.deepEqual(journal.find({ rate: 2, decay: 0, seed: 0 }), done(2));
    await journal.add(done(1));
    await journal.close();
    const next = await openJournal(file);
    assert.deepEqual(next.find({ rate: 1, decay: 0, seed: 0 }), done(1));
    await next.close();
  });

  it("openJournal() says so where it cannot write", async () => {
    await assert.rejects(openJournal(join(path, "nowhere", "x.jsonl")), { code: "E_WRITE" });
  });
});
