/** `npm run goldens -- DIR [--form NAME | --all-forms]`: compares every case under DIR with its reference values. */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { errorCode, errorMessage, ToolkitError } from "../../toolkit/errors.ts";
import { formulationNames } from "../../toolkit/lowering/formulations.ts";
import { machineBlockSize } from "../support/blocked.ts";
import { findCases } from "./find-cases.ts";
import type { GoldenCase } from "./golden-case.ts";
import { runForm } from "./run-form.ts";

const USAGE = "usage: npm run goldens -- DIR [--form NAME | --all-forms]";

interface Wanted {
  readonly folder: string;
  /** Formulations to force on, one by one; none of them leaves the choice as it is. */
  readonly forms: readonly string[];
}

interface Tally {
  readonly passed: number;
  readonly failed: number;
}

/**
 * What the command line asks for.
 * @throws E_USAGE
 */
function readArguments(args: readonly string[]): Wanted {
  const { values, positionals } = parse(args);
  const [folder] = positionals;
  const { form, "all-forms": all = false } = values;
  if (!folder || positionals.length > 1) refuse("expected one folder");
  if (form !== undefined && all) refuse("expected --form or --all-forms, not both");
  const names = formulationNames();
  if (form !== undefined && !names.includes(form)) {
    refuse(`there is no formulation "${form}"; they are\n${names.map((name) => `  ${name}`).join("\n")}`);
  }
  return { folder, forms: all ? names : form === undefined ? [] : [form] };
}

function parse(args: readonly string[]): {
  readonly values: { readonly form?: string | undefined; readonly "all-forms"?: boolean | undefined };
  readonly positionals: readonly string[];
} {
  try {
    const options = { form: { type: "string" }, "all-forms": { type: "boolean" } } as const;
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    return refuse(errorMessage(error));
  }
}

function refuse(message: string): never {
  throw new ToolkitError("E_USAGE", message);
}

/** What is wrong, on one line. */
function describe(error: unknown): string {
  const code = errorCode(error);
  const hasCode = code?.startsWith("E_") && error instanceof Error;
  return `${hasCode ? `error[${code}]: ` : ""}${errorMessage(error)}`.replaceAll(/\s+/g, " ").trim();
}

/** Runs the cases and prints a line for each that fails; one that resolves to false is not counted. */
async function tally(
  cases: readonly GoldenCase[],
  run: (golden: GoldenCase) => Promise<boolean>,
  label = "",
): Promise<Tally> {
  let [passed, failed] = [0, 0];
  for (const golden of cases) {
    try {
      if (await run(golden)) passed += 1;
    } catch (error) {
      failed += 1;
      console.log(`failed ${golden.name}${label}: ${describe(error)}`);
    }
  }
  return { passed, failed };
}

/** Prints how many cases each formulation served rightly; one that served none counts as failed. */
async function runForced(cases: readonly GoldenCase[], forms: readonly string[], blockSize: number): Promise<Tally> {
  let [passed, failed] = [0, 0];
  for (const form of forms) {
    const at = await tally(cases, (golden) => runForm(golden, form, blockSize), ` with ${form}`);
    const more = at.failed > 0 ? `, ${at.failed} failed` : "";
    console.log(`${form} served ${at.passed} ${at.passed === 1 ? "case" : "cases"}${more}`);
    passed += at.passed;
    failed += at.passed > 0 ? at.failed : Math.max(1, at.failed);
  }
  return { passed, failed };
}

/** Every case as lowering chooses, in standard operators and, where that makes a difference, in blocked ones. */
async function runChosen(cases: readonly GoldenCase[], blockSize: number): Promise<Tally> {
  let inBlocks = 0;
  const total = await tally(cases, async ({ run, runWith }) => {
    await run();
    if (blockSize > 0 && (await runWith?.({ blockSize }))) inBlocks += 1;
    return true;
  });
  if (inBlocks > 0) console.log(`${inBlocks} of them in blocks of ${blockSize} channels too`);
  return total;
}

/** Prints the totals too. Returns the exit code: 0, or 1 where a case fails, there is none, or a formulation serves none. */
async function runGoldens({ folder, forms }: Wanted): Promise<number> {
  const { cases, skipped } = findCases(resolve(process.env["INIT_CWD"] ?? "", folder));
  for (const line of skipped) console.log(`skipped ${line}`);
  const blockSize = await machineBlockSize();
  const { passed, failed } =
    forms.length > 0 ? await runForced(cases, forms, blockSize) : await runChosen(cases, blockSize);
  console.log(`${passed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}

async function main(args: readonly string[]): Promise<number> {
  if (args[0] === "--help" || args[0] === "-h") {
    console.log(USAGE);
    return 0;
  }
  try {
    return await runGoldens(readArguments(args));
  } catch (error) {
    const isUsage = errorCode(error) === "E_USAGE";
    console.error(isUsage ? `error[E_USAGE]: ${errorMessage(error)}\n${USAGE}` : describe(error));
    if (error instanceof ToolkitError && error.hint) console.error(`hint: ${error.hint}`);
    return isUsage ? 2 : 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
