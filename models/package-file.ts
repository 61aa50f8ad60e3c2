import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ToolkitError } from "../toolkit/errors.ts";

/**
 * The path of a file that ships under the package's `models/`, such as "models/bundled/labels.json". It is found through the package's
 * own exports, which hold for a checkout, a build and an installed copy alike; where a bundler cut them off, next to the nearest package.json.
 * @throws E_MODEL_NOT_FOUND where the package is incomplete
 */
export function packageFile(path: string): string {
  const found = [throughExports, upward].map((locate) => locate(path)).find((p) => p !== undefined && existsSync(p));
  if (found) return found;
  throw new ToolkitError("E_MODEL_NOT_FOUND", `Cannot find "${path}" in the package onnx-graft`, {
    hint: "install the package again: a part of it is missing",
  });
}

function throughExports(path: string): string | undefined {
  try {
    return fileURLToPath(import.meta.resolve(`onnx-graft/${path}`));
  } catch {
    return undefined;
  }
}

function upward(path: string): string | undefined {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "package.json"))) return join(folder, path);
    if (dirname(folder) === folder) return undefined;
  }
}
