import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FineTuneEvent } from "../../toolkit/fine-tune/events.ts";
import { openRunConfig } from "../../toolkit/fine-tune/run-config.ts";

const about = { model: "m", settings: { data: "photos", epochs: 3 }, versions: { node: "20" } };
const note: FineTuneEvent = { kind: "note", text: "" };
const test = { points: [], suggestion: 0.1, steepest: 0.1, lowest: 1 };

function written(stage: "head" | "network", ...forms: readonly string[]): FineTuneEvent {
  return { kind: "formulations", stage, blockSize: 8, forms };
}

describe("fine-tune/run-config", () => {
  let path: string;
  beforeEach(() => {
    path = join(mkdtempSync(join(tmpdir(), "run-config-")), "config.json");
  });
  afterEach(() => rmSync(join(path, ".."), { recursive: true }));
  const read = (): unknown => JSON.parse(readFileSync(path, "utf8"));

  it("is there from the first event on, and holds what is found out after that", async () => {
    const config = await openRunConfig(path, about);
    assert.ok(!existsSync(path));
    await config.told(note);
    const plain = { model: "m", ...about.settings, versions: about.versions };
    assert.deepEqual(read(), { ...plain, formulations: {} });
    await config.told(written("head", "a"));
    await config.told({ kind: "rate", stage: "network", rate: 0.02, test });
    const found = { formulations: { head: { blockSize: 8, forms: ["a"] } }, foundRates: { network: 0.02 } };
    assert.deepEqual(read(), { ...plain, ...found });
  });

  it("of a run that goes on keeps what earlier stages have found out", async () => {
    const first = await openRunConfig(path, about);
    await first.told(written("head", "a"));
    await first.told({ kind: "rate", stage: "head", rate: 0.5, test });
    await first.told(written("network", "b"));
    const next = await openRunConfig(path, { ...about, settings: { epochs: 3 } });
    await next.told(note);
    await next.told(written("network", "c"));
    const { formulations, foundRates, data } = read() as Record<string, unknown>;
    assert.deepEqual(formulations, { head: { blockSize: 8, forms: ["a"] }, network: { blockSize: 8, forms: ["c"] } });
    assert.deepEqual(foundRates, { head: 0.5 });
    assert.equal(data, undefined, "settings are those of the run that goes on");
  });

  it("a damaged one is written anew", async () => {
    writeFileSync(path, "{");
    await (await openRunConfig(path, about)).told(note);
    assert.deepEqual((read() as Record<string, unknown>)["formulations"], {});
  });
});
