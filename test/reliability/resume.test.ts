import assert from "node:assert/strict";
import type { FineTuneSettings } from "../../toolkit/fine-tune/settings.ts";
import type { Disk } from "../../toolkit/train/disk.ts";
import type { Files } from "./memory-disk.ts";
import { runInMemory, threadedResumes } from "./resumes.ts";
import type { Run, Snapshot } from "./resumes.ts";

/** 40 steps in full batches, or 42 where the partial ones count; a checkpoint after each. */
const SHORT = { epochs: 2, checkpointEvery: 1 } as const;

/** A run that went on from a snapshot must tell what the whole run told, and end in the same bytes. */
function assertSame(rest: Run, whole: Run, { step }: Snapshot): void {
  const after = (run: Run): readonly (readonly [number, number])[] => [...run.losses].filter(([s]) => s > step);
  assert.ok(rest.notes.includes(`going on from network step ${step}`), rest.notes.join("\n"));
  assert.deepEqual([...rest.losses], after(whole), "every step's loss is the same");
  assert.deepEqual(rest.result.model, whole.result.model, "the exported bytes are the same");
  assert.deepEqual(rest.result.evaluation, whole.result.evaluation);
}

describe("reliability, resuming", () => {
  const cases: readonly {
    readonly title: string;
    readonly settings: FineTuneSettings;
    readonly steps: number;
    readonly at: readonly (Omit<Snapshot, "files"> & { readonly where: string })[];
  }[] = [
    {
      title: "full batches",
      settings: SHORT,
      steps: 40,
      at: [
        { where: "after the first step", step: 1, isEpochEnd: false },
        { where: "in the midst of an epoch", step: 27, isEpochEnd: false },
        { where: "after an epoch's last batch", step: 20, isEpochEnd: false },
        { where: "at the end of an epoch", step: 20, isEpochEnd: true },
        { where: "after the last step of all", step: 40, isEpochEnd: false },
        { where: "at the end of all", step: 40, isEpochEnd: true },
      ],
    },
    {
      title: "partial last batches",
      settings: { ...SHORT, batchNorm: "frozen" },
      steps: 42,
      at: [
        { where: "before one", step: 20, isEpochEnd: false },
        { where: "after one", step: 21, isEpochEnd: false },
      ],
    },
    {
      title: "a schedule of steps",
      settings: { ...SHORT, schedule: { name: "step", every: 1, factor: 0.1 } },
      steps: 40,
      at: [
        { where: "where the rate falls", step: 20, isEpochEnd: true },
        { where: "after the rate has fallen", step: 23, isEpochEnd: false },
      ],
    },
    {
      title: "two batches an update, averages",
      settings: { ...SHORT, accumulate: 2, averageDecay: 0.9 },
      steps: 40,
      at: [{ where: "between the two batches of an update", step: 13, isEpochEnd: false }],
    },
    {
      title: "patience",
      settings: { ...SHORT, epochs: 10, patience: 2, leastImprovement: 100 },
      steps: 60,
      at: [
        { where: "while it waits", step: 47, isEpochEnd: false },
        { where: "once it has run out", step: 60, isEpochEnd: true },
      ],
    },
    {
      title: "a mean of the best epochs",
      settings: { ...SHORT, epochs: 3, keep: "soup", soupSize: 2 },
      steps: 60,
      at: [{ where: "after two of them", step: 45, isEpochEnd: false }],
    },
  ];
  for (const { title, settings, steps, at } of cases) {
    describe(title, () => {
      let whole: Run;
      before(async () => {
        whole = await runInMemory(settings);
        assert.equal(whole.losses.size, steps);
      });
      for (const { where, step, isEpochEnd } of at) {
        it(`goes on ${where} with the same bits`, async () => {
          const snapshot = whole.snapshots.find((s) => s.step === step && s.isEpochEnd === isEpochEnd);
          assert.ok(snapshot, `there is a checkpoint of step ${step}`);
          assertSame(await runInMemory(settings, snapshot.files), whole, snapshot);
        });
      }
    });
  }

  it("the schedule of steps lowers the rate between two epochs", async () => {
    const { rates } = await runInMemory({ ...SHORT, schedule: { name: "step", every: 1, factor: 0.1 } });
    assert.ok((rates.get(21) ?? 1) < 0.2 * (rates.get(20) ?? 0), `${rates.get(20)}, then ${rates.get(21)}`);
  });

  describe("another run", () => {
    let whole: Run;
    let files: Files;
    before(async () => {
      whole = await runInMemory({ ...SHORT, maxSteps: 12 });
      files = new Map(whole.snapshots.find(({ step }) => step === 9)?.files);
    });

    it("is refused, with what differs and how to go on all the same", async () => {
      await assert.rejects(runInMemory({ ...SHORT, maxSteps: 12, seed: 4, rate: 0.01 }, files), {
        code: "E_RESUME",
        message: "Cannot resume the run: rate was 0.02, is 0.01; seed was 3, is 4",
        hint: /--force-resume$/,
      });
    });

    it("goes on where it is forced, with a note for each difference, and need not be forced again", async () => {
      const asked = { ...SHORT, maxSteps: 12, rate: 0.01 };
      const forced = await runInMemory(asked, files, { forceResume: true });
      assert.deepEqual([...forced.losses.keys()], [10, 11, 12]);
      assert.equal(forced.losses.get(10), whole.losses.get(10), "the weights are those of the checkpoint");
      assert.notEqual(forced.losses.get(12), whole.losses.get(12));
      assert.ok(forced.notes.includes("forced to go on with another run: rate was 0.02, is 0.01"));
      const again = await runInMemory(asked, forced.snapshots[0]?.files);
      assert.deepEqual([...again.losses], [...forced.losses].slice(1));
    });

    it("is refused even where it is forced if the weights do not fit, before anything is trained", async () => {
      const adam = runInMemory({ ...SHORT, optimizer: "adam" }, files, { forceResume: true });
      await assert.rejects(adam, { code: "E_RESUME", message: /its checkpoint does not fit, it has no "/ });
      const wide = runInMemory({ ...SHORT, hidden: 8 }, files, { forceResume: true });
      await assert.rejects(wide, { code: "E_RESUME", message: /its checkpoint does not fit/ });
    });

    it("maxSteps given anew counts, and without it that of the interrupted run", async () => {
      const longer = await runInMemory({ ...SHORT, maxSteps: 15 }, files);
      assert.deepEqual([...longer.losses.keys()], [10, 11, 12, 13, 14, 15]);
      const shorter = await runInMemory({ ...SHORT, maxSteps: 10 }, files);
      assert.deepEqual([...shorter.losses.keys()], [10]);
      const same = await runInMemory(SHORT, files);
      assert.deepEqual([...same.losses.keys()], [10, 11, 12]);
    });
  });

  it("short epochs: none but the first and the last are followed by a checkpoint, and the best is never missing", async () => {
    const settings = { epochs: 3, checkpointEvery: 1000 } as const;
    // only writing takes time
    let ms = 0;
    const slow = (disk: Disk): Disk => ({
      ...disk,
      rename: (from, to) => {
        ms += 10;
        return disk.rename(from, to);
      },
    });
    const paced = await runInMemory(settings, undefined, { now: () => ms, change: slow });
    const whole = await runInMemory(settings);
    const stepsOf = (run: Run): readonly number[] => run.snapshots.map(({ step }) => step);
    assert.deepEqual(stepsOf(whole), [20, 40, 60]);
    assert.deepEqual(stepsOf(paced), [20, 60]);
    const [first, last] = paced.snapshots;
    assert.ok(first && last);
    assert.ok(last.files.has("/run/checkpoints/best-network.ckpt"));
    const rest = await runInMemory(settings, first.files);
    assert.deepEqual([...rest.losses], [...whole.losses].slice(20));
    assert.deepEqual(rest.result.model, whole.result.model);
    assert.deepEqual((await runInMemory(settings, last.files)).result.model, whole.result.model);
  });

  describe("damaged checkpoints", () => {
    let whole: Run;
    let snapshot: Snapshot;
    before(async () => {
      whole = await runInMemory(SHORT);
      const found = whole.snapshots.find(({ step }) => step === 25);
      assert.ok(found);
      snapshot = found;
    });

    const damaged = (...names: readonly string[]): Map<string, Uint8Array> => {
      const files = new Map(snapshot.files);
      for (const name of names) {
        const path = `/run/checkpoints/${name}`;
        const bytes = files.get(path)?.slice() ?? new Uint8Array();
        bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
        files.set(path, bytes);
      }
      return files;
    };

    it("a damaged newest one: says so, names the one before, and goes on from that with the same bits", async () => {
      const rest = await runInMemory(SHORT, damaged("step-25.ckpt"));
      assertSame(rest, whole, { ...snapshot, step: 24 });
      assert.ok(
        rest.notes.some((text) => /"[^"]*step-25\.ckpt": its digest .*going on from "[^"]*step-24\.ckpt"/.test(text)),
        rest.notes.join("\n"),
      );
    });

    it("all of them damaged: refuses, and does not start anew", async () => {
      const all = runInMemory(SHORT, damaged("step-24.ckpt", "step-25.ckpt"));
      await assert.rejects(all, { code: "E_CHECKPOINT", message: /step-25\.ckpt.*step-24\.ckpt/ });
    });

    it("a damaged best one: says so and goes on", async () => {
      const rest = await runInMemory(SHORT, damaged("best-network.ckpt"));
      assert.ok(rest.notes.some((text) => /best-network\.ckpt": its digest .*step-25\.ckpt/.test(text)));
      assert.equal(rest.result.status, "done");
    });

    it("none at all yet: says so and starts at the beginning", async () => {
      const rest = await runInMemory(SHORT, new Map());
      assert.ok(rest.notes.some((text) => /no checkpoint had been written/.test(text)));
      assert.deepEqual(rest.losses, whole.losses);
    });
  });

  it("two threads: the same losses to 1e-5 after an interruption, and the same accuracy to half a point", async () => {
    const { difference, accuracyPoints } = await threadedResumes(1, { epochs: 3 });
    assert.ok(difference <= 1e-5, `the losses differ by ${difference}`);
    assert.ok(accuracyPoints <= 0.5, `the accuracy differs by ${accuracyPoints} points`);
  });
});
