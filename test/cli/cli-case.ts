import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import { createOutput } from "../../cli/output.ts";
import type { OutputOptions } from "../../cli/output.ts";
import { runCli } from "../../cli/run-cli.ts";
import type { CliCode } from "../../cli/run-cli.ts";

/** A command line that has ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface InProcess {
  readonly columns?: number;
  readonly signal?: AbortSignal;
  readonly terminal?: Partial<OutputOptions>;
}

/** Runs a command line in this process. */
export async function runHere(
  words: readonly string[],
  { columns = 80, signal = new AbortController().signal, terminal = {} }: InProcess = {},
): Promise<Ended & { readonly code: CliCode }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const texts = [stdout, stderr].map((stream) => {
    let text = "";
    stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
    return (): string => text;
  });
  const code = await runCli(words, {
    stdout,
    output: ({ json }) => createOutput({ json, stdout, stderr, isTTY: false, columns, color: false, ...terminal }),
    columns,
    signal,
  });
  // what was written arrives in the next turn
  await new Promise((resolve) => setImmediate(resolve));
  return { code, stdout: texts[0]?.() ?? "", stderr: texts[1]?.() ?? "" };
}

/** The built program; there is none where the tests run from TypeScript. */
export const PROGRAM: string | undefined = import.meta.url.endsWith(".js")
  ? fileURLToPath(new URL("../../cli/main.js", import.meta.url))
  : undefined;

interface Spawned {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called with everything that was written so far, each time that something is. */
  readonly watch?: (child: ChildProcess, written: { readonly stdout: string; readonly stderr: string }) => void;
}

/** Runs the built program as a user does. */
export function runProgram(words: readonly string[], { cwd, env = {}, watch }: Spawned): Promise<Ended> {
  if (PROGRAM === undefined) throw new Error("the program is not built");
  const child = spawn(process.execPath, [PROGRAM, ...words], { cwd, env: { ...process.env, ...env } });
  const written = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].on("data", (chunk: Buffer) => {
      written[name] += chunk.toString();
      watch?.(child, written);
    });
  }
  return new Promise((resolve) => {
    child.on("close", (code) => resolve({ code, ...written }));
  });
}

/** The lines of text as JSON values. */
export function jsonLines(text: string): readonly Readonly<Record<string, unknown>>[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** A folder that is there while the tests of the enclosing `describe` run. */
export function temporaryFolder(): (...parts: readonly string[]) => string {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "onnx-graft-cli-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));
  return (...parts) => join(folder, ...parts);
}
