import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readDataset } from "../../toolkit/data/dataset.ts";
import { hashFile } from "../../toolkit/data/hash.ts";
import type { SourceModel } from "../../toolkit/export/source-model.ts";
import type { FineTuneEvent, FineTuneResult } from "../../toolkit/fine-tune/events.ts";
import { fineTune } from "../../toolkit/fine-tune/fine-tune.ts";
import type { FineTuneOptions } from "../../toolkit/fine-tune/fine-tune.ts";
import { openTunings } from "../../toolkit/fine-tune/tuning-cache.ts";
import { sharpDecoder } from "../../toolkit/images/sharp.ts";
import { readModelFile } from "../../toolkit/onnx/read-file.ts";
import type { Runtime } from "../../toolkit/runtime/runtime.ts";
import { openCheckpoints } from "../../toolkit/train/checkpoint-folder.ts";
import { fixture } from "../support/fixtures.ts";
import { directRuntime } from "../support/run-graph.ts";
import { writeToyPhotos } from "../support/toy-photos.ts";

/** Milliseconds of a step by the clock of these tests: only steps in blocks take long. */
const [BLOCKED_MS, PLAIN_MS] = [300, 200];

/** What is tuned quickest. */
const LAST = { mode: "partial", trainFrom: "layer4" } as const;

describe("fine-tune/tune-stage", () => {
  let folder = "";
  let source: SourceModel;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "onnx-graft-tune-"));
    await writeToyPhotos(join(folder, "photos"), { train: 4, validation: 2 });
    source = { model: await readModelFile(fixture("resnet18-width8/bn.onnx")), name: "bn", sha256: "01" };
  });
  after(() => rm(folder, { recursive: true }));

  interface Ended {
    readonly events: readonly FineTuneEvent[];
    readonly result: FineTuneResult;
    /** Lines about the choice. */
    readonly notes: readonly string[];
    readonly forms: Extract<FineTuneEvent, { kind: "formulations" }> | undefined;
  }

  interface Given extends Partial<FineTuneOptions> {
    readonly cache: string;
    readonly run?: string;
    readonly hasClock?: boolean;
    readonly watch?: (event: FineTuneEvent) => void;
  }

  async function train({ cache, run, hasClock = true, watch, ...given }: Given): Promise<Ended> {
    let time = 0;
    const runtime: Runtime = {
      name: "slow-blocks",
      async load(model, options) {
        const session = await directRuntime.load(model, options);
        const stepMs = (options?.blockSize ?? 0) > 0 ? BLOCKED_MS : PLAIN_MS;
        return {
          ...session,
          run(what) {
            time += stepMs;
            return session.run(what);
          },
        };
      },
    };
    const started = fineTune({
      mode: "full",
      sizePx: 32,
      batchSize: 4,
      epochs: 1,
      seed: 3,
      threads: 1,
      autotune: true,
      source,
      dataset: await readDataset(join(folder, "photos"), { seed: 1 }),
      platform: {
        runtime,
        decoder: sharpDecoder(),
        hashFile,
        tunings: openTunings({ folder: join(folder, cache), machine: "a test" }),
        ...(hasClock ? { now: () => time } : {}),
        ...(run === undefined ? {} : { checkpoints: await openCheckpoints(join(folder, run)) }),
      },
      ...given,
    });
    const events: FineTuneEvent[] = [];
    for await (const event of started) {
      events.push(event);
      watch?.(event);
    }
    const lines = events.flatMap((e) => (e.kind === "note" ? [e.text] : []));
    return {
      events,
      result: await started.result,
      notes: lines.filter((text) => /^(trying|autotune)/.test(text)),
      forms: events.findLast((e) => e.kind === "formulations"),
    };
  }

  /** Whether this machine has blocks. */
  async function hasBlocks(): Promise<boolean> {
    const { forms } = await train({ cache: "unused", autotune: false });
    return (forms?.blockSize ?? 0) > 0;
  }

  it("is off unless it is asked for, and says so where there is no clock", async () => {
    const off = await train({ cache: "off", autotune: false });
    assert.deepEqual(off.notes, []);
    const blind = await train({ cache: "off", hasClock: false });
    assert.deepEqual(blind.notes, ["autotune: skipped, as there is no clock"]);
    assert.deepEqual(blind.result.model, off.result.model);
  });

  it("changes nothing of the run but how its step is written", async () => {
    const tuned = await train({ ...LAST, cache: "same", epochs: 2 });
    const loss = (of: Ended): readonly number[] => of.events.flatMap((e) => (e.kind === "step" ? [e.loss] : []));
    const plain = await train({ ...LAST, cache: "same", epochs: 2, autotune: false });
    assert.equal(loss(tuned).length, loss(plain).length);
    for (const [i, value] of loss(tuned).entries()) assert.ok(Math.abs(value - (loss(plain)[i] ?? 0)) < 1e-3);
  });

  it("measures once, keeps the choice, and trains in it; resuming measures nothing", async function () {
    if (!(await hasBlocks())) this.skip();
    const first = await train({ cache: "kept", run: "run", epochs: 2 });
    assert.equal(first.notes[0], "trying plain operators: 33 % faster");
    assert.equal(first.notes.at(-1), "autotune: 0.20 s a step in plain operators instead of 0.30 s; kept in the cache");
    assert.equal(first.forms?.blockSize, 0);
    const second = await train({ cache: "kept", epochs: 2 });
    assert.deepEqual(second.notes, [
      "autotune: 0.20 s a step in plain operators instead of 0.30 s; as measured before",
    ]);
    assert.deepEqual(second.result.model, first.result.model, "the same bits");

    const abort = new AbortController();
    const watch = (event: FineTuneEvent): void => {
      if (event.kind === "step" && event.step === 2) abort.abort();
    };
    const cut = await train({ cache: "kept", run: "cut", epochs: 2, signal: abort.signal, watch });
    assert.equal(cut.result.status, "stopped");
    // neither the flag nor the cache is needed to go on in the same formulations
    const rest = await train({ cache: "none", run: "cut", epochs: 2, resume: true, autotune: false });
    assert.deepEqual([rest.notes, rest.forms?.blockSize], [[], 0]);
    assert.deepEqual(rest.result.model, first.result.model);
  });

  it("measures anew where the stored choice is damaged, or of something else", async function () {
    const first = await train({ ...LAST, cache: "damaged" });
    const [name] = await readdir(join(folder, "damaged", "tunings"));
    assert.ok(name !== undefined && first.notes.length > 1);
    const file = join(folder, "damaged", "tunings", name);
    const text = await readFile(file, "utf8");
    for (const spoilt of ["", text.slice(0, 40), "null", "[]", text.replace(/"forms":\["/, '"forms":["x-'), "{}"]) {
      await writeFile(file, spoilt);
      const again = await train({ ...LAST, cache: "damaged" });
      assert.deepEqual(again.notes, first.notes, spoilt);
      assert.equal(await readFile(file, "utf8"), text, "and it is kept again");
    }
    const other = await train({ ...LAST, cache: "damaged", batchSize: 6 });
    assert.ok(other.notes.length > 1);
    assert.equal((await readdir(join(folder, "damaged", "tunings"))).length, 2);
  });

  it("goes on where the choice cannot be kept", async () => {
    await writeFile(join(folder, "file"), "");
    const { notes, result } = await train({ ...LAST, cache: "file" });
    assert.match(notes.at(-1) ?? "", /^autotune: .*; not kept: /);
    assert.equal(result.status, "done");
  });

  it("ends at once where the run is aborted, and leaves nothing in the cache", async () => {
    const abort = new AbortController();
    const watch = (event: FineTuneEvent): void => {
      if (event.kind === "note" && event.text.startsWith("trying")) abort.abort();
    };
    const { notes, result } = await train({ cache: "aborted", signal: abort.signal, watch });
    assert.deepEqual([notes.length, result.status], [1, "stopped"]);
    await assert.rejects(readdir(join(folder, "aborted")));
  });

  it("tunes the last layers too, and never the head", async () => {
    const partial = await train({ ...LAST, cache: "partial" });
    assert.match(partial.notes.at(-1) ?? "", /kept in the cache$/);
    const frozen = await train({ cache: "frozen", mode: "frozen" });
    assert.deepEqual(frozen.notes, []);
  });
});
