import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { join } from "node:path";
import { VERSION } from "../toolkit/node.ts";
import type { Claim } from "./claim.ts";

/** A figure over several seeds. */
export interface Spread {
  readonly mean: number;
  /** Standard deviation of a sample; 0 of a single seed. */
  readonly deviation: number;
  readonly seeds: number;
}

export interface Results {
  readonly recipe: string;
  readonly claims: readonly Claim[];
  /** How many pictures of what, and how they were divided. */
  readonly data: object;
  readonly settings: object;
  readonly summary: object;
  /** One for each run. */
  readonly rows: readonly object[];
  /** A row of the table for people; the first one is its head. */
  readonly table: readonly (readonly string[])[];
  readonly seconds: number;
}

/** The mean of a figure over seeds, and how far seeds lie from it. */
export function spreadOf(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0, seeds: values.length };
}

/** A share as per cent: "98.93 ± 0.12 %". */
export function spreadText({ mean, deviation }: Spread, digits = 2): string {
  return `${(100 * mean).toFixed(digits)} ± ${(100 * deviation).toFixed(digits)} %`;
}

/** Writes result.json, with everything that is needed to believe the figures and to get them again, and the table for people, result.md. */
export async function writeResults(folder: string, { table, ...results }: Results): Promise<void> {
  await mkdir(folder, { recursive: true });
  const record = { ...results, seconds: Math.round(results.seconds), ...circumstances() };
  await writeFile(join(folder, "result.json"), `${JSON.stringify(record, undefined, 2)}\n`);
  await writeFile(join(folder, "result.md"), markdown(record, table));
}

/** What figures depend on beside the settings. */
interface Circumstances {
  readonly versions: Readonly<Record<string, string>>;
  readonly machine: { readonly processor: string; readonly cores: number };
}

export function circumstances(): Circumstances {
  const runtime = createRequire(import.meta.url)("onnxruntime-node/package.json") as { version: string };
  return {
    versions: { "onnx-graft": VERSION, "onnxruntime-node": runtime.version, node: process.versions.node },
    machine: { processor: cpus()[0]?.model ?? "unknown", cores: cpus().length },
  };
}

function markdown(
  { recipe, claims, seconds, machine, versions }: Omit<Results, "table"> & Circumstances,
  [head = [], ...rows]: Results["table"],
): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const verdicts = claims.map(({ text, holds, figures }) => {
    const verdict = holds === undefined ? "not judged" : holds ? "holds" : "does not hold";
    return `- ${text}: **${verdict}** (${figures})`;
  });
  const where = `${seconds} s on ${machine.cores} cores (${machine.processor}), onnxruntime-node ${versions["onnxruntime-node"]}, node ${versions["node"]}.`;
  const table = [line(head), line(head.map(() => "---")), ...rows.map(line)];
  return `${[`# ${recipe}`, "", ...table, "", ...verdicts, "", where].join("\n")}\n`;
}
