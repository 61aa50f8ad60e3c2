/**
 * `npm run webgpu-parity -- [--only SUBJECT,...] [--most COUNT]`: compares operators, losses and optimizers with the CPU on WebGPU (some minutes on SwiftShader) and writes
 * test/bench/results/webgpu-parity.json and .md. With --only, rows of other subjects stay; with --most, so many cases of each operator are taken.
 */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readJson, root } from "../support/fixtures.ts";
import { operatorParity } from "./operator-parity.ts";
import type { ParityRow } from "./operator-parity.ts";
import { PARITY_FILE, parityTable } from "./parity-table.ts";
import type { ParityFile } from "./parity-table.ts";

/** Few enough that a driver that fails takes little with it. */
const PER_PROCESS = 15;

const { values } = parseArgs({ options: { only: { type: "string" }, most: { type: "string" } } });
const only = values.only?.split(",") ?? [];
const most = Number(values.most ?? Infinity);
const path = join(root, PARITY_FILE);
const before = only.length > 0 && existsSync(path) ? readJson<ParityFile>(path).rows : [];
const rows = new Map<string, ParityRow>(before.map((row) => [row.subject, row]));
for await (const measured of operatorParity({ only, most, perProcess: PER_PROCESS })) {
  for (const row of measured) rows.set(row.subject, row);
  const file: ParityFile = {
    about: "onnxruntime-node 1.30.0: its WebGPU provider on SwiftShader beside its CPU provider",
    rows: [...rows.values()].toSorted((a, b) => (a.subject < b.subject ? -1 : 1)),
  };
  writeFileSync(path, `${JSON.stringify(file, null, 1)}\n`);
  writeFileSync(path.replace(".json", ".md"), parityTable(file));
  console.log(`${rows.size} subjects`);
}
