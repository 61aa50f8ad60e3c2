import { errorCode } from "../toolkit/errors.ts";
import { commands } from "./commands.ts";
import type { Command } from "./command.ts";
import { expectComplete, withConfig } from "./config/with-config.ts";
import type { Output } from "./output.ts";
import { parseCommandLine } from "./program.ts";
import type { Invocation } from "./program.ts";

/** What the command line reads and writes. */
export interface CliWorld {
  /** Where help goes. */
  readonly stdout: NodeJS.WritableStream;
  readonly output: (options: { readonly json: boolean }) => Output;
  /** Characters in a line of help. */
  readonly columns: number;
  /** Aborts where the user wants to stop. */
  readonly signal: AbortSignal;
  /** Whether errors come with where they were thrown. */
  readonly debug?: boolean;
}

/** 0 done, 1 failed or stopped, 2 wrong usage, 3 done but with more unreadable inputs than were allowed. */
export type CliCode = 0 | 1 | 2 | 3;

/** Runs a command line: the words behind the program's name. Every failure is said here, and comes back as a code. */
export async function runCli(words: readonly string[], world: CliWorld): Promise<CliCode> {
  let out = world.output({ json: false });
  try {
    const { stdout, columns } = world;
    const asked = parseCommandLine(words, { commands, stdout, columns });
    if (!asked) return 0;
    const invocation = await withConfig(asked, commands);
    if (invocation.options["printConfig"] === true) {
      const { printConfig } = await import("./config/print-config.ts");
      stdout.write(printConfig(invocation));
      return 0;
    }
    expectComplete(invocation);
    out = world.output({ json: invocation.options["json"] === true });
    return await run(invocation, out, world.signal);
  } catch (error) {
    // whoever stopped it knows
    if (world.signal.aborted && (error === world.signal.reason || errorCode(error) === "E_STOPPED")) return 1;
    out.error(error);
    if (world.debug && error instanceof Error) out.say(error.stack ?? "");
    return ["E_USAGE", "E_SETTING"].includes(errorCode(error) ?? "") ? 2 : 1;
  }
}

async function run(
  { command, given: _given, ...input }: Invocation,
  out: Output,
  signal: AbortSignal,
): Promise<CliCode> {
  const work = command.run({ ...(input as Parameters<Command["run"]>[0]), out, signal });
  if (command.stoppable) {
    const stopping = (): void => out.say("stopping (once more to leave at once)");
    signal.addEventListener("abort", stopping, { once: true });
    try {
      return (await work) ?? 0;
    } finally {
      signal.removeEventListener("abort", stopping);
    }
  }
  const left = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
  return (await Promise.race([work, left])) ?? 0;
}
