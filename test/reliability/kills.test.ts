import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { wholeRun } from "./interrupted-run.ts";
import type { Whole } from "./interrupted-run.ts";
import {
  caughtOnNaive,
  CRASH_MOMENTS,
  killsAtMoments,
  killsWhileRecovering,
  randomKills,
  twoTrainers,
} from "./kills.ts";
import type { Kills, KillOptions } from "./kills.ts";
import { refusedSave } from "./refusals.ts";
import { EVERY } from "./toy-job.ts";

/** The quick tier; `npm run reliability` makes many more kills. */
describe("reliability, kill -9", function () {
  this.timeout(180_000);
  let root = "";
  let whole: Whole;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), "onnx-graft-kills-"));
    whole = await wholeRun(join(root, "whole"));
  });
  after(() => rm(root, { recursive: true, force: true }));

  const place = (name: string, seed = 0): KillOptions => ({ folder: join(root, name), whole, seed });

  function assertUnharmed({ kills, mostLost, problems }: Kills, wanted: number): void {
    assert.deepEqual(problems, []);
    assert.equal(kills, wanted);
    assert.ok(mostLost <= EVERY);
  }

  it("at 20 random times: every checkpoint can be read, and the run ends as if nothing had been", async () => {
    const both = await Promise.all([randomKills(10, place("times-1", 1)), randomKills(10, place("times-2", 2))]);
    for (const kills of both) assertUnharmed(kills, 10);
  });

  it("at each moment of a save, and in the midst of recovering", async () => {
    const [moments, recovering] = await Promise.all([
      killsAtMoments(1, place("moments", 3)),
      killsWhileRecovering(2, place("recovering", 4)),
    ]);
    assertUnharmed(moments, CRASH_MOMENTS.length);
    assertUnharmed(recovering, 2);
  });

  it("a careless writer is caught, a full disk is said clearly, a second trainer is refused", async () => {
    const [caught, refused, two] = await Promise.all([
      caughtOnNaive(1, place("naive", 5)),
      refusedSave("ENOSPC", "write", place("full", 6)),
      twoTrainers(place("two", 7)),
    ]);
    assert.equal(caught, 1);
    assert.deepEqual(refused, []);
    assert.deepEqual(two.problems, []);
    assert.match(
      two.refusal,
      /^error\[E_RUN_LOCKED\]: Cannot use the run folder "[^"]*two": process \d+ is writing it/,
    );
  });
});
