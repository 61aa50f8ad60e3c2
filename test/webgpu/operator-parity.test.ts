import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { operators } from "../../toolkit/operators/index.ts";
import { readJson, root } from "../support/fixtures.ts";
import { describeWebgpu } from "../support/webgpu.ts";
import { operatorParity } from "./operator-parity.ts";
import type { ParityRow } from "./operator-parity.ts";
import { PARITY_FILE, parityTable } from "./parity-table.ts";
import type { ParityFile } from "./parity-table.ts";

/** What has no form for WebGPU, in all cases or in some, and why that is so. */
const ON_CPU: ReadonlyMap<string, string> = new Map([
  ["Cast", "to double precision, which no device has"],
  ["Compress", "how many elements it keeps is known once it has run"],
  ["Dropout", "normalise leaves out its inference form"],
  ["Mod", "a remainder by quotients is another where these are rounded to whole numbers"],
  ["ReverseSequence", "no network of pictures has it"],
  ["Sum", "normalise writes it as additions"],
]);

/** Operators that are compared at every run of the tests, with all losses and optimizers: each gradient operator stands behind one of them. */
const COMPARED = (
  "AveragePool BatchNormalization onnx-graft.BatchNormalizationTraining Concat Conv ConvTranspose Expand Gemm GlobalMaxPool " +
  "LogSoftmax MatMul MaxPool ReduceL1 Relu Reshape Resize ScatterElements Slice Softmax Tile TopK"
).split(" ");

/** What ONNX Runtime 1.30 takes for WebGPU and then cannot run: what it says, of some cases. */
const UNABLE: ReadonlyMap<string, RegExp> = new Map([
  ["Conv", /Only Conv2d or Conv1d|Conv3D does not support grouped/],
  ["ConvTranspose", /Only Conv2d or Conv1d/],
]);

/** Cases that may differ: which pixel is taken is decided by the last bit where the place in the picture, rounded down, is a whole number in exact arithmetic. */
const TIES: ReadonlyMap<string, number> = new Map([["Resize", 1]]);

function check(row: ParityRow): void {
  const { subject, difference, apart, errors, forwardOnCpu, gradientOnCpu } = row;
  assert.deepEqual(
    errors.filter((error) => !UNABLE.get(subject)?.test(error)),
    [],
    subject,
  );
  assert.ok(apart <= (TIES.get(subject) ?? 0), `${apart} cases of ${subject} differ, by up to ${difference}`);
  if (!ON_CPU.has(subject))
    assert.deepEqual({ ...forwardOnCpu, ...gradientOnCpu }, {}, `${subject} is left to the CPU`);
}

describe("test/bench/results/webgpu-parity", () => {
  const file = readJson<ParityFile>(join(root, PARITY_FILE));

  it("has a row for every operator with a gradient, and its page says the same", () => {
    const subjects = new Set(file.rows.map(({ subject }) => subject));
    const differentiable = [...operators.values()].filter(({ gradient, domain }) => gradient && domain === undefined);
    assert.deepEqual(
      differentiable.map(({ type }) => type).filter((type) => !subjects.has(type)),
      [],
    );
    assert.equal(readFileSync(join(root, PARITY_FILE.replace(".json", ".md")), "utf8"), parityTable(file));
  });

  it("says that all with a gradient agree with the CPU, and which few are left to it", () => {
    const shapes = new Set([...operators.values()].filter(({ gradient }) => gradient === null).map(({ type }) => type));
    for (const row of file.rows) if (!shapes.has(row.subject)) check(row);
  });
});

describeWebgpu("WebGPU beside the CPU", () => {
  const rows: ParityRow[] = [];
  before(async function () {
    this.timeout(180_000);
    const training = readJson<ParityFile>(join(root, PARITY_FILE)).rows.map(({ subject }) => subject);
    const only = [...COMPARED, ...training.filter((subject) => !operators.has(subject))];
    for await (const part of operatorParity({ most: 1, only })) rows.push(...part);
  });

  it("operators, losses, optimizers and what stands around them compute the same, and compute it there", () => {
    assert.ok(rows.length >= COMPARED.length + 30, `${rows.length} subjects`);
    for (const row of rows) check(row);
  });
});
