import assert from "node:assert/strict";
import type { Row } from "./row.ts";
import { table } from "./table.ts";

const machine = {
  versions: { "onnx-graft": "1.2.3", PyTorch: "2.0" },
  cpu: "A CPU",
  flags: ["avx2"],
  threads: 2,
  torchThreads: 1,
};

const line: Row = {
  name: "full",
  unit: "img/s",
  ours: 40,
  default: 20,
  channelsLast: 32,
  peer: 32,
  form: "channelsLast",
  ratio: 1.25,
  ratioDefault: 2,
  spread: 0.0123,
  oursPeakMb: 300,
  peerPeakMb: 600,
};
const alone: Row = {
  ...line,
  ours: 4,
  default: null,
  channelsLast: null,
  peer: null,
  form: null,
  ratio: null,
  ratioDefault: null,
  peerPeakMb: null,
};

describe("bench/table", () => {
  it("table names machine and versions and has a line for each row", () => {
    const text = table([line], machine, 5);
    assert.match(text, /onnx-graft 1\.2\.3, PyTorch 2\.0/);
    assert.match(text, /2 threads \(PyTorch 1\) on A CPU; .* it has: avx2\n/);
    assert.match(text, /\| full \| img\/s \| 40\.0 \| 20\.0 \| 32\.0 \| 2\.00 \| 1\.25 \| 1\.2 % \| 300 \| 600 \|/);
  });

  it("table shows a dash for what there is no peer for", () => {
    const text = table([alone], machine, 5);
    assert.match(text, /\| full \| img\/s \| 4\.000 \| - \| - \| - \| - \| 1\.2 % \| 300 \| - \|/);
  });
});
