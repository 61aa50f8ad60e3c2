import assert from "node:assert/strict";
import { growthTable } from "./growth-table.ts";
import { row } from "./row.ts";
import type { Row } from "./row.ts";

const machine = { versions: { PyTorch: "2.0" }, cpu: "A CPU", flags: ["avx2"], threads: 2, torchThreads: 2 };

/** A row as if a run took us `ours` seconds and the better form of the peer `peer`. */
function made(name: string, items: number, ours: number, peer?: number): Row {
  return row(name, "img/s", items, {
    ours: [ours],
    default: peer === undefined ? [] : [2 * peer],
    channelsLast: peer === undefined ? [] : [peer],
    oursPeakMb: 100 * ours,
    peakMb: { default: null, channelsLast: peer === undefined ? null : 300 },
  });
}

describe("bench/growth-table", () => {
  it("growthTable says seconds and memory, and how often those of the first line", () => {
    const rows = [made("batch-4", 4, 1, 2), made("batch-8", 8, 2.5, 3)];
    const text = growthTable(rows, machine, 5);
    assert.match(text, /\| batch \| ours, s \| x \| PyTorch, s \| x \| ratio \|/);
    assert.match(text, /\| 4 \| 1\.000 \| 1\.00 \| 2\.000 \| 1\.00 \| 2\.00 \| 100 \| 1\.00 \| 300 \| 1\.00 \|/);
    assert.match(text, /\| 8 \| 2\.500 \| 2\.50 \| 3\.000 \| 1\.50 \| 1\.20 \| 250 \| 2\.50 \| 300 \| 1\.00 \|/);
  });

  it("growthTable has a table for each that was measured, in numerical order, and no other", () => {
    const text = growthTable([made("threads-2", 8, 1), made("threads-1", 8, 2)], machine, 5);
    assert.deepEqual(text.match(/^## \w+/gm), ["## Threads"]);
    assert.match(text, /\| 1 \| 2\.000 \| 1\.00 \| - \| - \| - .*\n\| 2 \| 1\.000 \| 0\.50 /);
  });
});
