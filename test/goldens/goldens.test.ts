import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { errorMessage } from "../../toolkit/errors.ts";
import { formulationNames } from "../../toolkit/lowering/formulations.ts";
import { machineBlockSize } from "../support/blocked.ts";
import { fixture, itShared } from "../support/fixtures.ts";
import { findCases } from "./find-cases.ts";
import type { GoldenCase } from "./golden-case.ts";
import { modelCase } from "./model-case.ts";
import { runForm } from "./run-form.ts";

const folder = fixture("goldens");

/** The models of a folder, by their path without ending. */
function stems(kind: string): readonly string[] {
  const models = readdirSync(join(folder, kind)).filter((name) => name.endsWith(".onnx"));
  return models.map((name) => join(kind, name.replace(".onnx", "")));
}

/** How many cases were compared, and what failed. */
async function runAll(
  cases: readonly GoldenCase[],
  run: (golden: GoldenCase) => Promise<boolean> | undefined,
): Promise<{ served: number; failures: readonly string[] }> {
  let served = 0;
  const failures: string[] = [];
  for (const golden of cases) {
    try {
      if (await run(golden)) served++;
    } catch (error) {
      failures.push(`${golden.name}: ${errorMessage(error)}`);
    }
  }
  return { served, failures };
}

describe("goldens: PyTorch's outputs, losses, gradients and updates", () => {
  const { cases, skipped } = findCases(folder);
  for (const golden of cases) it(`agrees with PyTorch on ${golden.name}`, golden.run);

  it("agrees with PyTorch in blocked operators, wherever they serve", async function () {
    const blockSize = await machineBlockSize();
    if (blockSize === 0) this.skip();
    const { served, failures } = await runAll(cases, ({ runWith }) => runWith?.({ blockSize }));
    assert.deepEqual(failures, []);
    assert.ok(served > 100, `${served} cases are blocked`);
  });

  it("passes over no file", () => assert.deepEqual(skipped, []));

  // what is written otherwise for providers without CPU's extra operators
  const portable = [
    ...stems("operators").filter((name) => /^operators.(conv|maxpool|averagepool|relu)/.test(name)),
    ...stems("channels"),
  ];
  for (const name of portable) {
    const { run } = modelCase(name, join(folder, name), "webgpu");
    it(`agrees with PyTorch on ${name} in standard operators only`, run);
  }

  const minimal = cases.filter(({ name }) => !name.startsWith("networks"));
  for (const form of formulationNames()) {
    it(`agrees with PyTorch wherever ${form} is forced on`, async function () {
      const blockSize = await machineBlockSize();
      if (blockSize === 0 && /-blocked(-|$)/.test(form)) this.skip();
      // whole networks have no operator that the others lack
      const { served, failures } = await runAll(minimal, (golden) => runForm(golden, form, blockSize));
      assert.deepEqual(failures, []);
      assert.ok(served > 0, "a case is served");
    });
  }

  itShared("are the shared ones, byte for byte", "goldens", (original) => {
    const apart = /^(resnet18|make)\b|^README\.md$/;
    const files = readdirSync(original, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(original, join(entry.parentPath, entry.name)))
      .filter((file) => !apart.test(file));
    assert.ok(files.length > 0);
    for (const file of files) {
      assert.ok(existsSync(join(folder, file)), `${file} is here`);
      assert.ok(readFileSync(join(folder, file)).equals(readFileSync(join(original, file))), `${file} is the same`);
    }
  });
});
