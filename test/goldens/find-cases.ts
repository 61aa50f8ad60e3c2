import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { errorMessage, ToolkitError } from "../../toolkit/errors.ts";
import type { GoldenCase } from "./golden-case.ts";
import { looksGolden, readDocument } from "./golden.ts";
import { lossCases } from "./losses.ts";
import { modelCase } from "./model-case.ts";
import { optimizerCases } from "./optimizers.ts";
import { scheduleCases } from "./schedules.ts";

export interface FoundCases {
  readonly cases: readonly GoldenCase[];
  /** Files that look like cases and are none, each with the reason. */
  readonly skipped: readonly string[];
}

/** Files that hold many cases of one kind. */
const collections: ReadonlyMap<string, (file: string) => readonly GoldenCase[]> = new Map([
  ["losses.json", lossCases],
  ["optimizers.json", optimizerCases],
  ["schedules.json", scheduleCases],
]);

/**
 * Every case under `folder`: NAME.onnx with NAME.json, and the cases of losses.json, optimizers.json and schedules.json. Cases are called by their path.
 * @throws E_DATA_NOT_FOUND, E_DATA_EMPTY where there is none
 */
export function findCases(folder: string): FoundCases {
  const skipped: string[] = [];
  const cases = filesUnder(folder).flatMap((file): readonly GoldenCase[] => {
    const found = casesOf(file, relative(folder, file));
    if (typeof found !== "string") return found;
    if (found) skipped.push(`${relative(folder, file)}: ${found}`);
    return [];
  });
  if (cases.length === 0) {
    throw new ToolkitError("E_DATA_EMPTY", `Cannot find a case in "${folder}": expected NAME.onnx with NAME.json`, {
      hint: "test/fixtures/goldens/README.md describes the format",
    });
  }
  return { cases, skipped };
}

function filesUnder(folder: string): readonly string[] {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new ToolkitError("E_DATA_NOT_FOUND", `Cannot find the folder "${folder}"`, {
      hint: "give a folder of reference values: npm run goldens -- DIR",
    });
  }
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

/** The cases of a file; a text says why it has none, an empty one that nobody would expect any. */
function casesOf(file: string, name: string): readonly GoldenCase[] | string {
  const stem = file.replace(/\.(json|onnx)$/, "");
  const label = name.replace(/\.(json|onnx)$/, "");
  if (file.endsWith(".onnx")) return existsSync(`${stem}.json`) ? [modelCase(label, stem)] : "no JSON file beside it";
  if (!file.endsWith(".json") || existsSync(`${stem}.onnx`)) return "";
  const collection = collections.get(basename(file));
  try {
    const document = readDocument(file);
    if (collection && hasCases(document, file)) {
      return collection(file).map(({ name: own, run }) => ({ name: `${label}: ${own}`, run }));
    }
    if (!looksGolden(document)) return strangerReason(file);
  } catch (error) {
    return [failing(label, error)];
  }
  // a case without its model: reading it says so
  return [modelCase(label, stem)];
}

/** @throws E_DATA_FORMAT where a file that by its name holds many cases holds none */
function hasCases(document: unknown, file: string): boolean {
  const cases = typeof document === "object" && document !== null && "cases" in document ? document.cases : undefined;
  if (typeof cases === "object" && cases !== null) return true;
  throw new ToolkitError("E_DATA_FORMAT", `Cannot read the reference values in "${file}": it has no "cases"`);
}

/** A training run is a file beside inputs.json, which speaks for all of them. */
function strangerReason(file: string): string {
  if (!existsSync(join(dirname(file), "inputs.json"))) return "no case";
  const speaks = basename(file) === "inputs.json";
  return speaks ? "the training runs beside it are compared in test/train/resnet18-goldens.test.ts" : "";
}

function failing(name: string, error: unknown): GoldenCase {
  const fail = (): Promise<never> => Promise.reject(error instanceof Error ? error : new Error(errorMessage(error)));
  return { name, run: fail, runWith: fail };
}
