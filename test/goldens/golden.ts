import { existsSync, readFileSync } from "node:fs";
import { errorMessage, ToolkitError } from "../../toolkit/errors.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { readTensor } from "../support/fixtures.ts";
import type { GoldenTensor } from "../support/fixtures.ts";

/** A stored case as `test/fixtures/goldens/README.md` describes it, beside its ONNX file. */
export interface Golden {
  readonly about?: string;
  readonly exporter?: string;
  readonly inputs: Readonly<Record<string, GoldenTensor>>;
  readonly target?: GoldenTensor | null;
  readonly loss: "sum-of-products" | "cross-entropy" | "nll-of-probabilities";
  readonly seed?: GoldenTensor | null;
  readonly output: GoldenTensor;
  readonly lossValue?: number;
  readonly gradients: Readonly<Record<string, GoldenTensor>>;
  readonly bn?: "train" | "eval" | null;
  readonly after?: Readonly<Record<string, GoldenTensor>> | null;
  readonly outputEval?: GoldenTensor | null;
}

const LOSSES = ["sum-of-products", "cross-entropy", "nll-of-probabilities"];

/**
 * The case stored at `path`, a JSON file.
 * @throws E_DATA_NOT_FOUND, E_DATA_FORMAT where it is no case
 */
export function readGolden(path: string): Golden {
  const golden = readDocument(path) as Partial<Golden> | null;
  const missing = (["inputs", "output", "gradients"] as const).filter((field) => !isObject(golden?.[field]));
  if (missing.length > 0) unfit(path, `it has no ${missing.map((field) => `"${field}"`).join(", ")}`);
  const { loss, seed, target } = golden as Golden;
  if (!LOSSES.includes(loss)) unfit(path, `its loss is "${loss}", expected ${LOSSES.join(", ")}`);
  if (loss === "sum-of-products" && !isObject(seed)) unfit(path, `its loss "${loss}" needs "seed"`);
  if (loss !== "sum-of-products" && !isObject(target)) unfit(path, `its loss "${loss}" needs "target"`);
  return golden as Golden;
}

/** Whether a JSON document is meant as a case: it has gradients of an output. */
export function looksGolden(document: unknown): boolean {
  return isObject(document) && "gradients" in document && "inputs" in document;
}

/**
 * The JSON document at `path`.
 * @throws E_DATA_NOT_FOUND, E_DATA_FORMAT
 */
export function readDocument(path: string): unknown {
  if (!existsSync(path)) {
    throw new ToolkitError("E_DATA_NOT_FOUND", `Cannot read the reference values: there is no "${path}"`, {
      hint: "a case is NAME.onnx and NAME.json in one folder",
    });
  }
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    return unfit(path, errorMessage(error));
  }
}

/**
 * A stored tensor.
 * @throws E_DATA_FORMAT naming `what` where its bytes do not fill its shape
 */
export function goldenTensor(t: GoldenTensor, what: string): TensorData {
  try {
    return readTensor(t);
  } catch (cause) {
    throw new ToolkitError("E_DATA_FORMAT", `Cannot read the stored ${what}: ${errorMessage(cause)}`, { cause });
  }
}

function unfit(path: string, why: string): never {
  throw new ToolkitError("E_DATA_FORMAT", `Cannot read the reference values in "${path}": ${why}`, {
    hint: "test/fixtures/goldens/README.md describes the format",
  });
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
