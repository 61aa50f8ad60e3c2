import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zipSync } from "fflate";
import { demo } from "../../recipes/demo.ts";
import { chooseJob, handwriting, ownPhotos } from "../../recipes/demo/jobs.ts";
import type { Job } from "../../recipes/demo/jobs.ts";
import type { FineTuneResult } from "../../toolkit/node.ts";
import { errorCode, readDataset } from "../../toolkit/node.ts";
import { fileServer } from "../models/file-server.ts";
import { fixture } from "../support/fixtures.ts";

/** A ResNet18 of width 8: the job is the same and takes seconds. */
const model = fixture("resnet18-width8/bn.onnx");
/** A hundredth of the scans. */
const KEEP_EVERY = 100;

describe("recipes/demo", () => {
  let folder = "";
  const before = { ...process.env };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "onnx-graft-demo-"));
  });
  afterEach(async () => {
    process.env = { ...before };
    await rm(folder, { recursive: true, force: true });
  });

  async function run(job: Job): Promise<{ result: FineTuneResult; text: string }> {
    const lines: string[] = [];
    const settings = { ...job.settings, sizePx: 32, resizePx: 32, batchSize: 16, epochs: 1, headEpochs: 3 };
    const result = await demo(
      { ...job, model, settings },
      { folder, budgetSeconds: 60, say: (line) => lines.push(line) },
    );
    return { result, text: lines.join("\n") };
  }

  it("demo() trains, exports, labels, indexes, searches and shows the hits; then the same with one's own folder", async () => {
    const job = handwriting(folder, KEEP_EVERY);
    const { result, text } = await run(job);
    assert.deepEqual(
      result.stages.map((s) => s.stage),
      ["head", "network"],
    );
    assert.equal(result.classes.length, 10);
    assert.equal(result.parity?.flips, 0);
    assert.deepEqual((await readdir(folder)).filter((name) => !/photos\.db-/.test(name)).sort(), [
      "cache",
      "handwriting-100",
      "photos.db",
      "run",
      "search.html",
      "search.png",
    ]);
    const html = await readFile(join(folder, "search.html"), "utf8");
    for (const query of job.queries ?? []) assert.ok(html.includes(query), query);
    for (const chart of ["New head: accuracy", "Every layer: loss"]) assert.ok(html.includes(chart), chart);
    assert.match(html, /src="data:image\/jpeg/);
    assert.deepEqual([...(await readFile(join(folder, "search.png"))).subarray(0, 4)], [0x89, 0x50, 0x4e, 0x47]);
    assert.match(text, /new head only \(frozen\) +[\d.]+ % right, +\d+ of 21 wrong/);
    assert.match(text, /npx onnx-graft train .*\n.*npx onnx-graft index .*\n.*npx onnx-graft search /);

    const own = await run(ownPhotos(job.data, undefined));
    // the first three of the sorted classes
    assert.match(own.text, /\n {3}"eight":0\.5 .*\n {3}"five":0\.5 .*\n {3}"four":0\.5 /);
  });

  it("handwriting() splits the scans the same way each time, a fifth unseen, and writes them once", async () => {
    const job = handwriting(folder, KEEP_EVERY);
    const steps = async (): Promise<number> => {
      let n = 0;
      for await (const _ of job.prepare?.() ?? []) n++;
      return n;
    };
    assert.equal(await steps(), 2);
    assert.equal(await steps(), 0);
    const { classes, train, validation } = await readDataset(job.data);
    assert.deepEqual(classes, ["eight", "five", "four", "nine", "one", "seven", "six", "three", "two", "zero"]);
    assert.deepEqual([train.length, validation.length], [84, 21]);
    const [first] = validation;
    assert.equal(first?.id, "val/eight/0401.png");
  });

  it("chooseJob() downloads the photos of ants and bees from the mirror, and says that their digest is recorded", async () => {
    const photo = new Uint8Array(10);
    const zip = zipSync({ hymenoptera_data: { train: { ants: { "a.jpg": photo }, bees: { "b.jpg": photo } } } });
    const server = await fileServer({ "/tutorial/hymenoptera_data.zip": (_, response) => void response.end(zip) });
    try {
      Object.assign(process.env, {
        ONNX_GRAFT_MIRROR: server.url(""),
        XDG_CACHE_HOME: folder,
        ONNX_GRAFT_OFFLINE: "0",
      });
      const lines: string[] = [];
      const job = await chooseJob(["hymenoptera", "--model", model], { folder, say: (line) => lines.push(line) });
      assert.deepEqual(await readdir(job.data), ["train"]);
      assert.ok(
        lines.some((line) => /sha256|digest/.test(line)),
        lines.join("\n"),
      );
    } finally {
      await server.close();
    }
  });

  it("chooseJob() says plainly that there is no network", async () => {
    Object.assign(process.env, {
      ONNX_GRAFT_MIRROR: "http://127.0.0.1:9",
      XDG_CACHE_HOME: folder,
      ONNX_GRAFT_OFFLINE: "0",
    });
    await assert.rejects(chooseJob(["hymenoptera"], { folder, say: () => {} }), (error: Error & { hint?: string }) => {
      assert.equal(errorCode(error), "E_DOWNLOAD");
      assert.match(error.message, /^Cannot run the demo "hymenoptera" without a network: /);
      assert.match(error.hint ?? "", /npm run demo needs no download/);
      return true;
    });
  });

  it("chooseJob() refuses what it does not know", async () => {
    const choose = (...args: string[]): Promise<Job> => chooseJob(args, { folder, say: () => {} });
    await assert.rejects(choose("a", "b"), { code: "E_USAGE" });
    await assert.rejects(choose("--modle", "x"), { code: "ERR_PARSE_ARGS_UNKNOWN_OPTION" });
  });
});
