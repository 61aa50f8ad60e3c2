import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readJson, root } from "../support/fixtures.ts";
import { describeWebgpu, runOnWebgpu } from "../support/webgpu.ts";
import { STEPS, trainings } from "./fine-tune-losses.ts";
import type { ComparedLosses } from "./losses-process.ts";
import { lossGap, LOSS_TOLERANCE, LOSSES_FILE, lossesTable } from "./losses-table.ts";

function check(row: ComparedLosses): void {
  assert.ok(row.cpu.losses.length >= STEPS, `${row.name} took ${row.cpu.losses.length} steps`);
  assert.ok(
    lossGap(row) <= LOSS_TOLERANCE,
    `${row.name}: ${row.cpu.losses.join(" ")}, on WebGPU ${row.webgpu.losses.join(" ")}`,
  );
}

describe("test/bench/results/webgpu-losses", () => {
  const rows = readJson<readonly ComparedLosses[]>(join(root, LOSSES_FILE));

  it("has every training, and the losses of both providers are the same", () => {
    assert.deepEqual(
      rows.map(({ name }) => name),
      trainings.map(({ name }) => name),
    );
    for (const row of rows) check(row);
  });

  it("has a page that says the same", () => {
    assert.equal(readFileSync(join(root, LOSSES_FILE.replace(".json", ".md")), "utf8"), lossesTable(rows));
  });
});

describeWebgpu("fine-tuning on WebGPU", () => {
  it("a staged run, its head and then all of a ResNet18 in batch statistics, has the losses of the CPU", async function () {
    this.timeout(180_000);
    const compared = await runOnWebgpu<readonly ComparedLosses[]>("webgpu/losses-process", [
      "staged, batch statistics",
    ]);
    assert.equal(compared.length, 1);
    for (const row of compared) check(row);
  });
});
