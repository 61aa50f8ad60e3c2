import type { TensorData } from "../graph/tensor.ts";
import type { Tensors } from "../runtime/runtime.ts";
import type { Evaluation } from "../train/evaluate.ts";

/** An evaluation as a checkpoint holds it: its numbers as JSON, its arrays as tensors by their paths in it. */
export interface EvaluationRecord {
  readonly numbers: object;
  readonly arrays: readonly (readonly [path: string, TensorData])[];
}

export function recordEvaluation(evaluation: Evaluation): EvaluationRecord {
  const arrays: [string, TensorData][] = [];
  const strip = (value: unknown, path: string): unknown => {
    if (value instanceof Float32Array) arrays.push([path, { dtype: "float32", shape: [value.length], data: value }]);
    else if (value instanceof Int32Array) arrays.push([path, { dtype: "int32", shape: [value.length], data: value }]);
    else if (Array.isArray(value)) return value.map((item, i) => strip(item, `${path}/${i}`));
    else if (typeof value === "object" && value !== null) {
      const entries = Object.entries(value).map(([key, item]) => [
        key,
        strip(item, path === "" ? key : `${path}/${key}`),
      ]);
      return Object.fromEntries(entries.filter(([, item]) => item !== undefined));
    } else return value;
    return undefined;
  };
  return { numbers: strip(evaluation, "") as object, arrays };
}

/** What `recordEvaluation` was given, of its numbers and of its arrays by their paths. */
export function readEvaluation(numbers: object, arrays: Tensors): Evaluation {
  const whole = structuredClone(numbers) as Record<string, unknown>;
  for (const [path, { data }] of arrays) {
    // as versions before heads wrote it
    const keys = (path === "targets" ? "several/targets" : path).split("/");
    const last = keys.pop() ?? "";
    const parent = keys.reduce<Record<string, unknown>>((at, key) => at[key] as Record<string, unknown>, whole);
    parent[last] = data;
  }
  return whole as unknown as Evaluation;
}
