import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fixture, itShared } from "../support/fixtures.ts";
import { findCases } from "./find-cases.ts";
import { modelCase } from "./model-case.ts";

const folder = fixture("goldens");

describe("goldens: PyTorch's outputs, losses, gradients and updates", () => {
  const { cases, skipped } = findCases(folder);
  for (const golden of cases) it(`agrees with PyTorch on ${golden.name}`, golden.run);

  it("passes over no file", () => assert.deepEqual(skipped, []));

  // what is written otherwise for providers without CPU's extra operators
  const names = readdirSync(join(folder, "operators")).filter((name) =>
    /^(conv|maxpool|averagepool|relu).*\.onnx$/.test(name),
  );
  for (const name of names.map((file) => file.replace(".onnx", ""))) {
    const { run } = modelCase(name, join(folder, "operators", name), "webgpu");
    it(`agrees with PyTorch on ${name} in standard operators only`, run);
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
