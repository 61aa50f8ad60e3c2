import assert from "node:assert/strict";
import { float32Row, row, tfjsRow } from "./row.ts";
import type { Row } from "./row.ts";
import { table } from "./table.ts";

const machine = {
  versions: { "onnx-graft": "1.2.3", PyTorch: "2.0" },
  cpu: "A CPU",
  flags: ["avx2"],
  threads: 2,
  torchThreads: 1,
};

const none = { default: null, channelsLast: null };
const line: Row = row("full", "img/s", 16, {
  ours: [0.4, 0.38, 0.42],
  default: [0.8],
  channelsLast: [0.5],
  oursPeakMb: 300,
  peakMb: { default: 500, channelsLast: 600 },
});
const alone: Row = row("full", "img/s", 16, {
  ours: [4, 4.2, 3.8],
  default: [],
  channelsLast: [],
  oursPeakMb: 300,
  peakMb: none,
});

describe("bench/table", () => {
  it("table names machine and versions and has a line for each row", () => {
    const text = table([line], machine, 5);
    assert.match(text, /onnx-graft 1\.2\.3, PyTorch 2\.0/);
    assert.match(text, /2 threads \(PyTorch 1\) on A CPU; .* it has: avx2\n/);
    assert.match(text, /\| full \| img\/s \| 40\.0 \| 20\.0 \| 32\.0 \| 2\.00 \| 1\.25 \| 2\.5 % \| 300 \| 600 \|/);
  });

  it("table shows a dash for what there is no peer for", () => {
    const text = table([alone], machine, 5);
    assert.match(text, /\| full \| img\/s \| 4\.000 \| - \| - \| - \| - \| 2\.5 % \| 300 \| - \|/);
  });

  it("table shows what was measured beside TensorFlow.js in a second table, and none where nothing was", () => {
    const about = { tfjs: "4.0.0", backend: "wasm" };
    const tfjs = tfjsRow(16, { about, ours: [0.4], theirs: [3.2], peakMb: 80 });
    const text = table([line, { ...line, name: "head", tfjs }], machine, 5);
    assert.match(text, /TensorFlow\.js 4\.0\.0, its wasm backend/);
    assert.match(text, /\| head \| img\/s \| 40\.0 \| 5\.000 \| 8\.00 \| 0\.0 % \| 80 \|\n$/);
    assert.doesNotMatch(table([line], machine, 5), /TensorFlow/);
  });

  it("table shows 8 bits beside our own float32 in a table of its own", () => {
    const float32 = float32Row(16, { about: {}, ours: [0.4], theirs: [0.8], peakMb: 80 });
    const text = table([line, { ...alone, name: "int8", float32 }], machine, 5);
    assert.match(text, /## In 8 bits .*\n\n.*\n.*\n\| int8 \| img\/s \| 40\.0 \| 20\.0 \| 2\.00 \| 0\.0 % \|\n$/);
    assert.doesNotMatch(table([line], machine, 5), /8 bits/);
  });
});
