/** `npm run goldens -- DIR`: compares every case under DIR with its reference values. */
import { resolve } from "node:path";
import { errorCode, errorMessage, ToolkitError } from "../../toolkit/errors.ts";
import { findCases } from "./find-cases.ts";
import type { GoldenCase } from "./golden-case.ts";

const USAGE = "usage: npm run goldens -- DIR";

/** What is wrong with a case, on one line; undefined where it passes. */
async function failureOf({ run }: GoldenCase): Promise<string | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return describe(error);
  }
}

function describe(error: unknown): string {
  const code = errorCode(error);
  const hasCode = code?.startsWith("E_") && error instanceof Error;
  return `${hasCode ? `error[${code}]: ` : ""}${errorMessage(error)}`.replaceAll(/\s+/g, " ").trim();
}

/** Prints a line for each failing case and the totals. Returns the exit code: 0, 1 where a case fails or there is none, 2 for wrong usage. */
async function runGoldens(args: readonly string[]): Promise<number> {
  const [folder] = args;
  if (!folder || args.length > 1 || folder.startsWith("-")) {
    console.error(folder === "--help" || folder === "-h" ? USAGE : `error[E_USAGE]: expected one folder\n${USAGE}`);
    return 2;
  }
  const { cases, skipped } = findCases(resolve(process.env["INIT_CWD"] ?? "", folder));
  for (const line of skipped) console.log(`skipped ${line}`);
  let failed = 0;
  for (const golden of cases) {
    const failure = await failureOf(golden);
    if (failure === undefined) continue;
    failed += 1;
    console.log(`failed ${golden.name}: ${failure}`);
  }
  console.log(`${cases.length - failed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

try {
  process.exitCode = await runGoldens(process.argv.slice(2));
} catch (error) {
  console.error(describe(error));
  if (error instanceof ToolkitError && error.hint) console.error(`hint: ${error.hint}`);
  process.exitCode = 1;
}
