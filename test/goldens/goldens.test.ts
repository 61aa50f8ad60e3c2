import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { errorMessage } from "../../toolkit/errors.ts";
import { formulationNames } from "../../toolkit/lowering/formulations.ts";
import { fixture, itShared } from "../support/fixtures.ts";
import { findCases } from "./find-cases.ts";
import { modelCase } from "./model-case.ts";

const folder = fixture("goldens");

/** The models of a folder, by their path without ending. */
function stems(kind: string): readonly string[] {
  const models = readdirSync(join(folder, kind)).filter((name) => name.endsWith(".onnx"));
  return models.map((name) => join(kind, name.replace(".onnx", "")));
}

describe("goldens: PyTorch's outputs, losses, gradients and updates", () => {
  const { cases, skipped } = findCases(folder);
  for (const golden of cases) it(`agrees with PyTorch on ${golden.name}`, golden.run);

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

  for (const form of formulationNames()) {
    it(`agrees with PyTorch wherever ${form} is forced on`, async () => {
      let served = 0;
      const failures: string[] = [];
      for (const { name, runWith } of cases) {
        // whole networks have no operator that the others lack
        if (!runWith || name.startsWith("networks")) continue;
        try {
          if (await runWith(form)) served++;
        } catch (error) {
          failures.push(`${name}: ${errorMessage(error)}`);
        }
      }
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
