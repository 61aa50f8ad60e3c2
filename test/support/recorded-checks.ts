import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { deserialize } from "node:v8";
import { root } from "./fixtures.ts";
import { GRADCHECK_LIST } from "./gradcheck.ts";
import type { RecordedCheck } from "./gradcheck.ts";

/** Every check of a gradient rule by finite differences: mocha runs the tests that make them, and they only say what they would check. */
export async function recordedChecks(): Promise<readonly RecordedCheck[]> {
  const own = fileURLToPath(import.meta.url);
  const pattern = own.endsWith(".ts")
    ? ["--import=tsx", "test/operators/*.test.ts"]
    : ["dist/test/operators/*.test.js"];
  const mocha = [join(root, "node_modules/mocha/bin/mocha.js"), "--no-config", "--fgrep", "finite differences"];
  const folder = mkdtempSync(join(tmpdir(), "gradchecks-"));
  const list = join(folder, "list");
  try {
    const options = { cwd: root, maxBuffer: 1 << 26, env: { ...process.env, [GRADCHECK_LIST]: list } };
    await promisify(execFile)(process.execPath, [...mocha, ...pattern], options);
    const lines = readFileSync(list, "utf8").trimEnd().split("\n");
    return lines.map((line) => deserialize(Buffer.from(line, "base64")) as RecordedCheck);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
