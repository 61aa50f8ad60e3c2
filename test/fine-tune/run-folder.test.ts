import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FineTuneEvent } from "../../toolkit/fine-tune/events.ts";
import { openRunFolder, recordRun } from "../../toolkit/fine-tune/run-folder.ts";

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

  it("a resumed run removes what writers that were killed left, and a run that is refused leaves all as it was", async () => {
    const path = join(root, "run");
    mkdirSync(join(path, "checkpoints"), { recursive: true });
    writeFileSync(join(path, "config.json"), "{}");
    writeFileSync(join(path, "config.json.tmp-123"), "{");
    await assert.rejects(openRunFolder(path), { code: "E_RUN_FOLDER" });
    assert.deepEqual(readdirSync(path).toSorted(), ["checkpoints", "config.json", "config.json.tmp-123"]);
    const folder = await openRunFolder(path, { resume: true });
    const found = readdirSync(path).find((name) => name.startsWith("run.lock."));
    assert.deepEqual(readdirSync(path).toSorted(), ["checkpoints", "config.json", found]);
    await folder.release();
  });

  it("recordRun() mends a line that was cut off, and logs an epoch that is run again once", async () => {
    const epochs = (...numbers: readonly number[]): AsyncIterable<FineTuneEvent> => ({
      async *[Symbol.asyncIterator]() {
        for (const epoch of numbers) yield epochEvent(epoch);
      },
    });
    const record = async (resume: boolean, ...numbers: readonly number[]): Promise<void> => {
      const folder = await openRunFolder(join(root, "run"), { resume });
      mkdirSync(folder.checkpoints, { recursive: true });
      const result = { status: "stopped", classes: [], stages: [], evaluation: undefined, model: undefined } as const;
      const run = {
        ...epochs(...numbers),
        result: Promise.resolve({ ...result, parity: undefined, bad: [] }),
        stop: () => {},
        limitSteps: () => {},
      };
      const events = recordRun(run, {
        folder,
        about: { model: "m", trainImages: 0, validationImages: 0, settings: {}, versions: {} },
        mistakes: { samples: [], decoder: { decode: () => Promise.reject(new Error("no photo is read")) } },
        now: () => 0,
        today: () => new Date(0),
      });
      for await (const _ of events);
    };
    const metrics = join(root, "run", "metrics.jsonl");
    const logged = (): readonly number[] =>
      readFileSync(metrics, "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => (JSON.parse(line) as { epoch: number }).epoch);
    await record(false, 1, 2, 3);
    assert.deepEqual(logged(), [1, 2, 3]);
    writeFileSync(metrics, readFileSync(metrics, "utf8").slice(0, -20));
    await record(true, 2, 3, 4);
    assert.deepEqual(logged(), [1, 2, 3, 4]);
  });
});

function epochEvent(epoch: number): FineTuneEvent {
  return {
    kind: "epoch",
    stage: "network",
    best: false,
    epoch,
    epochs: 4,
    trainLoss: 1,
    trainAccuracy: 0.5,
    rate: 0.1,
    evaluation: undefined,
    progress: { epoch, position: 0, step: epoch, lossSum: 0, correct: 0, samples: 0, metrics: [] },
  };
}
