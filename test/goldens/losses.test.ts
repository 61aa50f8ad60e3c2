import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fixture, readJson } from "../support/fixtures.ts";
import { lossCases } from "./losses.ts";

interface Stored {
  readonly cases: Readonly<Record<string, { readonly lossValue: number; readonly gradients: object }>>;
}

const file = fixture("goldens/losses.json");

describe("goldens/losses", () => {
  const folder = mkdtempSync(join(tmpdir(), "losses-"));
  after(() => rmSync(folder, { recursive: true }));

  /** Runs one stored case after a change, perhaps under another name. */
  async function runChanged(name: string, change: object, as = name): Promise<void> {
    const stored = readJson<Stored>(file).cases[name];
    const changed = join(folder, "losses.json");
    writeFileSync(changed, JSON.stringify({ cases: { [as]: { ...stored, ...change } } }));
    await lossCases(changed)[0]?.run();
  }

  it("lossCases() finds all 26", () => assert.equal(lossCases(file).length, 26));
  it("lossCases() runs a case as it is stored", () => runChanged("huber", {}));
  it("lossCases() refuses another loss, and another gradient", async () => {
    const { cases } = readJson<Stored>(file);
    const off = (cases["huber"]?.lossValue ?? 0) * 1.001;
    await assert.rejects(runChanged("huber", { lossValue: off }), /the loss differs/);
    const { gradients } = cases["l1"] ?? {};
    await assert.rejects(runChanged("huber", { gradients }), /the gradient of logits differs/);
  });
  it("lossCases() refuses other settings, and a loss that nobody knows", async () => {
    await assert.rejects(runChanged("huber", { settings: { delta: 0.5 } }), /the loss differs/);
    await assert.rejects(runChanged("huber", {}, "unheard-of"), /no loss is called "unheard-of"/);
  });
});
