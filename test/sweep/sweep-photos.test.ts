import assert from "node:assert/strict";
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { ToolkitError } from "../../toolkit/errors.ts";
import { diagnose, fineTune, openModel } from "../../toolkit/node.ts";
import { sweepPhotos } from "../../toolkit/sweep/sweep-photos.ts";
import type { SourceModel } from "../../toolkit/export/source-model.ts";
import type { SweepEvent, SweepOptions, SweepResult } from "../../toolkit/node.ts";
import { LOCK, takeLock } from "../../toolkit/fine-tune/run-lock.ts";
import { PROGRAM } from "../cli/cli-case.ts";
import { fixture } from "../support/fixtures.ts";
import { directRuntime } from "../support/run-graph.ts";
import { writeToyPhotos } from "../support/toy-photos.ts";

describe("sweep/sweep-photos", function () {
  this.timeout(120_000);
  let folder = "";
  let model: SourceModel;
  const path = (...parts: readonly string[]): string => join(folder, ...parts);

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "onnx-graft-sweep-"));
    await writeToyPhotos(path("photos"), { train: 6, validation: 4, sizePx: 32 });
    model = await openModel(fixture("resnet18-width8/bn.onnx"));
  });
  after(() => rm(folder, { recursive: true }));

  async function run(
    given: Partial<SweepOptions>,
    watch?: (event: SweepEvent) => void,
  ): Promise<{ readonly result: SweepResult; readonly trained: number }> {
    const options: SweepOptions = {
      model,
      data: path("photos"),
      cacheFolder: path("cache"),
      decodeProcesses: 0,
      settings: { mode: "frozen", sizePx: 32, epochs: 3, threads: 1 },
      space: { rate: { from: 1e-4, to: 1, scale: "log" }, hidden: [0, 8] },
      trials: 6,
      ...given,
    };
    const running = sweepPhotos(options, {
      openModel: (name) => openModel(name),
      fineTune,
      runtime: directRuntime,
      now: () => performance.now(),
      today: () => new Date(0),
    });
    let trained = 0;
    let item = await running.next();
    for (; !item.done; item = await running.next()) {
      watch?.(item.value);
      if (item.value.kind === "trial") trained++;
    }
    return { result: item.value, trained };
  }

  it("sweepPhotos() and diagnose() get photos that a table has as addresses through fetchFile", async () => {
    const sha256 = "0".repeat(64);
    await writeFile(path("table.csv"), `file,label,sha256\nhttps://x.test/1.png,a,${sha256}\n`);
    const asked: string[] = [];
    const fetchFile = (url: string): Promise<string> => {
      asked.push(url);
      return Promise.reject(new ToolkitError("E_STOPPED", "enough"));
    };
    await assert.rejects(run({ data: path("table.csv"), fetchFile }), { code: "E_STOPPED" });
    await assert.rejects(diagnose(model, { data: path("table.csv"), fetchFile }).next(), { code: "E_STOPPED" });
    assert.deepEqual(asked, ["https://x.test/1.png", "https://x.test/1.png"]);
    await assert.rejects(run({ data: path("table.csv") }), /cannot be downloaded from here/);
  });

  const jsonOf = async (...parts: readonly string[]): Promise<Record<string, unknown>> =>
    JSON.parse(await readFile(path(...parts), "utf8")) as Record<string, unknown>;

  it("sweep() writes the trials, the ranking, the page, and settings that training takes", async () => {
    const out = path("whole");
    const { result } = await run({ out, seeds: 2 });
    assert.deepEqual((await readdir(out)).toSorted(), [
      "best.json",
      "report.html",
      "results.json",
      "sweep.json",
      "trials.jsonl",
    ]);
    assert.equal((await readFile(join(out, "trials.jsonl"), "utf8")).split("\n").length, 12 + 1);
    const best = await jsonOf("whole", "best.json");
    assert.deepEqual(
      [best["mode"], best["rate"], best["hidden"]],
      ["frozen", result.bestSettings?.rate, result.bestSettings?.hidden],
    );
    assert.ok("onnx-graft" in (best["versions"] as object));
    const results = await jsonOf("whole", "results.json");
    assert.deepEqual(
      [(results["rows"] as unknown[]).length, results["metric"], results["validationImages"]],
      [6, "accuracy", 12],
    );
    assert.deepEqual((results["settings"] as Record<string, unknown>)["epochs"], 3);
    assert.ok(!("rate" in (results["settings"] as object)));
    assert.match(await readFile(join(out, "report.html"), "utf8"), /<svg /);
    assert.ok((result.best?.quality?.mean ?? 0) > 0.9, "three colours are told apart");
  });

  it("sweep() that was killed goes on where it was, and comes to what an uninterrupted one does", async () => {
    const out = path("killed");
    const stop = new AbortController();
    const first = await run({ out, signal: stop.signal }, (event) => {
      if (event.kind === "ended" && event.done === 3) stop.abort();
    });
    assert.deepEqual([first.result.status, first.trained], ["stopped", 3]);
    // what a kill in the middle of a write leaves, and a lock whose owner is gone
    await appendFile(join(out, "trials.jsonl"), '{"settings":{"mode":"fro');
    const owner = { pid: 2 ** 22 + 1, host: hostname(), start: null };
    await writeFile(join(out, LOCK), `${JSON.stringify(owner)}\n`);
    const second = await run({ out, resume: true });
    assert.deepEqual([second.result.status, second.trained], ["done", 3]);
    const plain = (r: SweepResult): unknown =>
      r.rows.map(({ number, point, quality, loss }) => ({ number, point, quality, loss }));
    assert.deepEqual(plain(second.result), plain((await run({})).result));
    assert.equal((await run({ out, resume: true })).trained, 0, "a finished sweep has nothing left to do");
    assert.equal((await run({ out, resume: true, trials: 8 })).trained, 2);
  });

  it("sweep() takes a folder for itself, refuses one that holds something, and one of other photos", async () => {
    const out = path("taken");
    await run({ out, trials: 2 });
    const release = await takeLock(out);
    await assert.rejects(run({ out, trials: 2, resume: true }), { code: "E_RUN_LOCKED" });
    await release();
    await assert.rejects(run({ out }), { code: "E_RUN_FOLDER", hint: /--resume/ });
    await assert.rejects(run({ out: path("nothing"), resume: true }), { code: "E_RUN_FOLDER" });
    await mkdir(path("full"));
    await writeFile(path("full", "letter.txt"), "");
    await assert.rejects(run({ out: path("full") }), { code: "E_RUN_FOLDER" });
    await writeToyPhotos(path("others"), { train: 5, validation: 4, sizePx: 32 });
    await assert.rejects(run({ out, resume: true, data: path("others") }), {
      code: "E_RESUME",
      message: /other photos/,
    });
  });

  it("sweep() trains every layer by whole runs, and a trial that cannot be run is one that failed", async function () {
    // in threads that only run compiled files
    if (PROGRAM === undefined) this.skip();
    const partial = { sizePx: 32, epochs: 1, threads: 1, batchSize: 8, mode: "partial" } as const;
    const { result } = await run({
      out: path("layers"),
      settings: partial,
      space: { unfreeze: [1, 99] },
      method: "grid",
    });
    assert.deepEqual(
      result.rows.map(({ point, failures }) => [point["unfreeze"], failures]),
      [
        [1, 0],
        [99, 1],
      ],
    );
    const { result: both } = await run({
      settings: { sizePx: 32, epochs: 1, threads: 1, batchSize: 8 },
      space: { mode: ["frozen", "full"] },
      method: "grid",
    });
    assert.deepEqual(
      both.rows.map(({ quality }) => quality !== null),
      [true, true],
    );
  });

  it("sweep() refuses photos of which none are held out", async () => {
    await writeToyPhotos(path("all"), { train: 4, validation: 0, sizePx: 32 });
    await assert.rejects(run({ data: path("all", "train"), validationShare: 0 }), { code: "E_DATA_EMPTY" });
  });
});
