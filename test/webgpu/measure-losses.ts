/**
 * `npm run webgpu-losses -- [--only NAME;...]`: fine-tunes a small ResNet18 in every mode on the CPU and on WebGPU (some minutes on SwiftShader) and writes
 * test/bench/results/webgpu-losses.json and .md. With --only, rows of other trainings stay.
 */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readJson, root } from "../support/fixtures.ts";
import { runOnWebgpu } from "../support/webgpu.ts";
import { trainings } from "./fine-tune-losses.ts";
import type { ComparedLosses } from "./losses-process.ts";
import { LOSSES_FILE, lossesTable } from "./losses-table.ts";

const { values } = parseArgs({ options: { only: { type: "string" } } });
const only = values.only?.split(";") ?? trainings.map(({ name }) => name);
const path = join(root, LOSSES_FILE);
const before = existsSync(path) ? readJson<readonly ComparedLosses[]>(path) : [];
const rows = new Map(before.map((row) => [row.name, row]));
for (const row of await runOnWebgpu<readonly ComparedLosses[]>("webgpu/losses-process", only, { tells: true }))
  rows.set(row.name, row);
const all = trainings.flatMap((training) => rows.get(training.name) ?? []);
writeFileSync(path, `${JSON.stringify(all, null, 1)}\n`);
writeFileSync(path.replace(".json", ".md"), lossesTable(all));
