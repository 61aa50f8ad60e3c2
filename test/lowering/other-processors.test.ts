import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Here } from "./compare-forms-here.ts";

/** Processors without AVX-512, whose blocks have 8 channels: one with AVX2, one without any AVX. */
const PROCESSORS = ["Haswell", "Nehalem"];
const SEEDS = [1, 2, 4, 5, 7, 8];
const LIMIT_MS = 120_000;

const EMULATOR = "qemu-x86_64";

function emulates(): boolean {
  return process.arch === "x64" && spawnSync(EMULATOR, ["--version"]).status === 0;
}

/** The comparison as another processor makes it: compiled where this test is. */
function compareOn(processor: string): Here {
  const source = import.meta.url.endsWith(".ts");
  const script = fileURLToPath(new URL(`compare-forms-here.${source ? "ts" : "js"}`, import.meta.url));
  const args = [...(source ? ["--import=tsx"] : []), script, ...SEEDS.map(String)];
  const { stdout, stderr } = spawnSync(EMULATOR, ["-cpu", processor, process.execPath, ...args], { encoding: "utf8" });
  const line = stdout.split("\n").find((text) => text.startsWith("{"));
  assert.ok(line, stderr);
  return JSON.parse(line) as Here;
}

describe("lowering on other processors", () => {
  if (!emulates()) {
    it.skip(`blocks of 8 channels (on x86-64 only, with ${EMULATOR}: apt-get install qemu-user)`);
    return;
  }
  for (const processor of PROCESSORS) {
    it(`computes the same in blocks of 8 channels: ${processor}`, function () {
      this.timeout(LIMIT_MS);
      const { block, differences, forms } = compareOn(processor);
      assert.equal(block, 8);
      assert.deepEqual(differences, []);
      for (const form of ["conv-blocked", "conv-input-blocked", "conv-weight-blocked", "elementwise-blocked"])
        assert.ok(forms.includes(form), `${form} is taken`);
    });
  }
});
