import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fixture, readJson, readTensor } from "../support/fixtures.ts";
import type { GoldenTensor } from "../support/fixtures.ts";
import type { Golden } from "./golden.ts";
import { modelCase } from "./model-case.ts";

/** The tensor with its largest element 1 % off. */
function corrupted(t: GoldenTensor | null | undefined): GoldenTensor {
  assert.ok(t);
  const { data } = readTensor(t);
  const values = Array.from(data, Number);
  const largest = values.reduce((best, v, i) => (Math.abs(v) > Math.abs(values[best] ?? 0) ? i : best), 0);
  data[largest] = Number(data[largest]) * 1.01;
  return { ...t, data: Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64") };
}

describe("goldens/model-case", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "golden-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs a stored case after a change to its values. */
  async function changed(name: string, change: (golden: Golden) => Partial<Golden>): Promise<void> {
    const from = fixture(`goldens/${name}`);
    cpSync(`${from}.onnx`, join(folder, "case.onnx"));
    const golden = readJson<Golden>(`${from}.json`);
    writeFileSync(join(folder, "case.json"), JSON.stringify({ ...golden, ...change(golden) }));
    await modelCase("case", join(folder, "case")).run();
  }
  const trained = "networks/classifier_bn_train_torchscript";

  it("modelCase() passes what is stored", () => changed(trained, () => ({})));

  it("modelCase() finds a wrong output, loss, gradient, running average and inference output", async () => {
    const wrong = (change: (golden: Golden) => Partial<Golden>, message: RegExp): Promise<void> =>
      assert.rejects(changed(trained, change), { message });
    await wrong(({ output }) => ({ output: corrupted(output) }), /^output differs by/);
    await wrong(({ lossValue = 0 }) => ({ lossValue: lossValue * 1.01 }), /^loss differs by/);
    await wrong(({ outputEval }) => ({ outputEval: corrupted(outputEval) }), /^outputEval differs by/);
    await wrong(
      ({ gradients }) => ({ gradients: { ...gradients, "conv1.weight": corrupted(gradients["conv1.weight"]) } }),
      /^gradient of "conv1\.weight" differs by/,
    );
    await wrong(
      ({ after }) => ({ after: { ...after, "norm2.running_var": corrupted(after?.["norm2.running_var"]) } }),
      /^running "norm2\.running_var" differs by/,
    );
  });

  it("modelCase() finds another form of BatchNormalization, another loss and labels that do not fit", async () => {
    await assert.rejects(
      changed(trained, () => ({ bn: "eval", after: null, outputEval: null })),
      /differs by/,
    );
    await assert.rejects(
      changed(trained, () => ({ loss: "nll-of-probabilities" })),
      /loss/,
    );
    const target = { shape: [1], dtype: "int64", data: Buffer.alloc(8).toString("base64") } as const;
    await assert.rejects(
      changed(trained, () => ({ target })),
      { code: "E_DATA_FORMAT" },
    );
  });

  it("modelCase() finds a wrong sum of products", async () => {
    const off = changed("operators/relu", ({ lossValue = 0 }) => ({ lossValue: lossValue + 1 }));
    await assert.rejects(off, /^Error: loss is/);
  });

  it("modelCase() takes the gradient of an initializer that nothing reads as zero", async () => {
    const zero = { shape: [2, 3], dtype: "float32", data: Buffer.alloc(24).toString("base64") } as const;
    await changed("networks/unused_initializer", ({ gradients }) => ({ gradients: { ...gradients, unused: zero } }));
  });
});
