#!/usr/bin/env node
/** The command line's own process: signals, warnings and exit codes. Everything else is run-cli.ts. */
import { processOutput } from "./output.ts";
import { runCli } from "./run-cli.ts";

/** A signal's exit code is 128 and its number. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;
/** npx sends its own SIGINT after the terminal's: a second one so soon is no second wish. */
const SAME_PRESS_MS = 500;

const controller = new AbortController();
let stopped: { readonly code: number; readonly at: number } | undefined;

for (const [name, code] of Object.entries(SIGNALS)) {
  process.on(name, () => {
    const at = performance.now();
    if (stopped && at - stopped.at > SAME_PRESS_MS) process.exit(code);
    stopped ??= { code, at };
    controller.abort(new Error(`stopped by ${name}`));
  });
}

// node:sqlite works, and its API is what we use: users of Node 22 need not hear that it is called experimental
const emitWarning = process.emitWarning.bind(process) as (...all: unknown[]) => void;
process.emitWarning = (...all: unknown[]) => {
  if (!String(all[0]).includes("SQLite is an experimental feature")) emitWarning(...all);
};

const code = await runCli(process.argv.slice(2), {
  stdout: process.stdout,
  output: processOutput,
  columns: process.stdout.columns || 80,
  signal: controller.signal,
  debug: Boolean(process.env["ONNX_GRAFT_DEBUG"]),
});
if (stopped) process.exit(stopped.code);
process.exitCode = code;
