import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serialize } from "node:v8";
import type { RecordedCheck } from "../support/gradcheck.ts";
import { recordedChecks } from "../support/recorded-checks.ts";
import { runOnWebgpu } from "../support/webgpu.ts";
import { forwardCases } from "./forward-cases.ts";
import { subjectOf } from "./parity-case.ts";
import type { ParityResult } from "./parity-process.ts";
import { trainingCases } from "./training-cases.ts";

/** An operator, a loss, an optimizer or another part of a step on WebGPU. */
export interface ParityRow {
  readonly subject: string;
  readonly cases: number;
  /** The largest difference to the CPU over all cases, relative to the largest number. */
  readonly difference: number;
  /** Cases that differ by more than `toleranceOf` allows. */
  readonly apart: number;
  /** Operators that were left to the CPU in the forward graph: in how many of the cases. */
  readonly forwardOnCpu: Readonly<Record<string, number>>;
  /** The same in the backward graph. */
  readonly gradientOnCpu: Readonly<Record<string, number>>;
  /** What the cases that did not run said. */
  readonly errors: readonly string[];
}

/** What results may be apart, relative to the largest number of an output. */
const TOLERANCE = 1e-4;

/** WGSL promises sine and cosine to 2^-11 (W3C, WebGPU Shading Language, 15.7.4: accuracy of built-in functions), and SwiftShader gives little more. */
const COARSE: ReadonlySet<string> = new Set(["Sin", "Cos"]);
const COARSE_TOLERANCE = 2 ** -11;

/** What results of an operator may be apart. */
function toleranceOf(subject: string): number {
  return COARSE.has(subject) ? COARSE_TOLERANCE : TOLERANCE;
}

export interface ParityOptions {
  /** How many checks of a gradient rule are taken of each operator, evenly out of all; all where absent. */
  readonly most?: number;
  /** What is compared, by its subject; everything where absent. */
  readonly only?: readonly string[];
  /** Subjects for each process; all in one where absent. */
  readonly perProcess?: number;
}

/**
 * Compares what WebGPU computes with what the CPU does: on the checks of gradient rules, what training steps hold beside, and operators that no gradient flows through.
 * Yields the rows of a process as soon as it has ended.
 */
export async function* operatorParity({
  most = Infinity,
  only = [],
  perProcess = Infinity,
}: ParityOptions = {}): AsyncGenerator<readonly ParityRow[]> {
  const checks = await recordedChecks();
  const all = [...checks.map(subjectOf), ...[...trainingCases(), ...forwardCases()].map(({ subject }) => subject)];
  const subjects = [...new Set(all)].filter((subject) => only.length === 0 || only.includes(subject));
  for (let from = 0; from < subjects.length; from += perProcess) {
    const here = new Set(subjects.slice(from, from + perProcess));
    const wanted = checks.filter((check) => here.has(subjectOf(check)));
    yield rowsOf(await compared(evenly(wanted, most), [...here]));
  }
}

async function compared(
  checks: readonly RecordedCheck[],
  subjects: readonly string[],
): Promise<readonly ParityResult[]> {
  const folder = mkdtempSync(join(tmpdir(), "parity-"));
  try {
    const file = join(folder, "checks");
    writeFileSync(file, serialize(checks));
    return await runOnWebgpu<readonly ParityResult[]>("webgpu/parity-process", [file, ...subjects]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** At most so many checks of each operator, evenly out of those it has. */
function evenly(checks: readonly RecordedCheck[], most: number): readonly RecordedCheck[] {
  const subjects = [...new Set(checks.map(subjectOf))];
  return subjects.flatMap((subject) => {
    const own = checks.filter((check) => subjectOf(check) === subject);
    if (own.length <= most) return own;
    return Array.from({ length: most }, (_, i) => own[Math.floor((i * own.length) / most)] as RecordedCheck);
  });
}

function rowsOf(results: readonly ParityResult[]): readonly ParityRow[] {
  const subjects = [...new Set(results.map(({ subject }) => subject))];
  const of = (name: string): readonly ParityResult[] => results.filter(({ subject }) => subject === name);
  return subjects
    .map((subject) => [subject, of(subject)] as const)
    .map(([subject, all]) => ({
      subject,
      cases: all.length,
      difference: Math.max(0, ...all.map(({ distance = 0 }) => distance)),
      apart: all.filter(({ distance = 0 }) => distance > toleranceOf(subject)).length,
      forwardOnCpu: leftToCpu(all, "forward"),
      gradientOnCpu: leftToCpu(all, "gradient"),
      errors: [...new Set(all.flatMap(({ error }) => error ?? []))],
    }));
}

function leftToCpu(results: readonly ParityResult[], part: "forward" | "gradient"): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { onCpu } of results) {
    const names = new Set(onCpu.filter((node) => node.part === part).map(({ op }) => op));
    for (const op of names) counts[op] = (counts[op] ?? 0) + 1;
  }
  return counts;
}
