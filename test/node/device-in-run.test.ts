import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fineTune, openModel } from "../../toolkit/node.ts";
import type { ChosenDevice, FineTuneEvent } from "../../toolkit/node.ts";
import { fixture } from "../support/fixtures.ts";
import { directRuntime } from "../support/run-graph.ts";
import { writeToyPhotos } from "../support/toy-photos.ts";

/** The CPU under the name of a device, as the runtimes of other devices are handed in. */
const DEVICE: ChosenDevice = {
  asked: "auto",
  provider: "dml",
  runtime: { ...directRuntime, provider: "dml" },
  text: "computing on dml, 3 times as fast as the CPU",
};

describe("node: the device of a run", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "device-in-run-"));
    await writeToyPhotos(join(folder, "photos"), { train: 4, validation: 2, sizePx: 32 });
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it("fineTune() says which it is in a note, config.json and report.json, and goes on elsewhere with a note", async () => {
    const out = join(folder, "run");
    const stop = new AbortController();
    const options = {
      model: await openModel(fixture("resnet18-width8/bn.onnx")),
      data: join(folder, "photos"),
      out,
      cacheFolder: join(folder, "cache"),
      decodeProcesses: 0,
      mode: "frozen",
      sizePx: 32,
      epochs: 3,
      batchSize: 4,
    } as const;
    const notes = (events: readonly FineTuneEvent[]): readonly string[] =>
      events.flatMap((event) => (event.kind === "note" ? [event.text] : []));

    const begun: FineTuneEvent[] = [];
    for await (const event of await fineTune({ ...options, device: DEVICE, checkpointEvery: 1, signal: stop.signal })) {
      begun.push(event);
      if (event.kind === "epoch") stop.abort();
    }
    assert.equal(notes(begun)[0], DEVICE.text);
    const config = JSON.parse(await readFile(join(out, "config.json"), "utf8")) as Record<string, unknown>;
    assert.deepEqual(
      [config["device"], (config["versions"] as object & { computedOn: string }).computedOn],
      ["auto", "dml"],
    );
    const { head } = config["formulations"] as { head: { provider?: string } };
    assert.equal(head.provider, "dml");

    const resumed: FineTuneEvent[] = [];
    for await (const event of await fineTune({ ...options, resume: true, device: "cpu" })) resumed.push(event);
    assert.equal(notes(resumed)[0], "computing on the CPU, as asked");
    const differs = "the run was begun on dml, this goes on with it on the CPU: the results differ in the last digits";
    assert.ok(
      notes(resumed).some((text) => text.startsWith(differs)),
      notes(resumed).join("\n"),
    );
    const report = JSON.parse(await readFile(join(out, "report.json"), "utf8")) as Record<
      string,
      Record<string, string>
    >;
    assert.deepEqual([report["settings"]?.["device"], report["versions"]?.["computedOn"]], ["cpu", "cpu"]);
  });
});
