import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { faultText } from "./faulty-disk.ts";
import type { Moment } from "./faulty-disk.ts";
import { interruptedRun, stateProblems } from "./interrupted-run.ts";
import type { KillOptions } from "./kills.ts";
import { runTrainer } from "./trainer.ts";
import type { Attempt, TrainerOptions } from "./trainer.ts";

/** How a file system refuses, and at which moment of a save. */
export const REFUSALS: readonly (readonly [code: string, moment: Moment])[] = [
  ["ENOSPC", "write"],
  ["EDQUOT", "before-fsync"],
  ["EACCES", "create"],
  ["EROFS", "create"],
  ["EXDEV", "rename"],
];

/** Lets the file system refuse a save of a trainer, and then lets another one go on: what is wrong with it, in words. */
export async function refusedSave(code: string, moment: Moment, options: KillOptions): Promise<readonly string[]> {
  const refusal = { refuseAt: faultText({ moment, byte: 4096, save: 4 }), refuseWith: code };
  return refusedThenAllowed(code, options, refusal);
}

async function refusedThenAllowed(
  code: string,
  { folder, whole }: KillOptions,
  refusal: TrainerOptions,
  allow: () => void = () => {},
): Promise<readonly string[]> {
  const refused = await runTrainer(folder, refusal);
  const last = Math.max(0, ...refused.losses.keys());
  const problems = [...messageProblems(refused, code), ...(await stateProblems(folder, last, {}))];
  allow();
  const run = interruptedRun(folder, whole, refused.losses);
  const rest = await run.attempt();
  return [...problems, ...run.problems, ...(rest.done ? [] : ["it did not come to its end"])];
}

function messageProblems({ code: exit, stderr }: Attempt, code: string): readonly string[] {
  const isClear =
    stderr.startsWith("error[E_WRITE]: Cannot ") && stderr.includes(code) && !stderr.includes("\n    at ");
  return [...(exit === 1 ? [] : [`exit code ${exit}`]), ...(isClear ? [] : [`it said: ${stderr}`])];
}

/**
 * The same on a real file system: one of 60 kB that is full, then larger; and one that is read-only, then not. Nothing where this user may not mount any.
 */
export async function refusedByMounts({ folder, whole }: KillOptions): Promise<readonly string[] | undefined> {
  const place = join(folder, "mounted");
  mkdirSync(place);
  const mount = (...options: readonly string[]): void => {
    execFileSync("mount", [...options, place], { stdio: "ignore" });
  };
  try {
    mount("-t", "tmpfs", "-o", "size=60k", "tmpfs");
  } catch {
    return undefined;
  }
  try {
    const full = { folder: join(place, "full"), whole };
    const problems = await refusedThenAllowed("ENOSPC", full, {}, () => mount("-o", "remount,size=64m"));
    const readOnly = join(place, "read-only");
    const begun = interruptedRun(readOnly, whole);
    const before = await begun.attempt({ crashAt: faultText({ moment: "after-rename", byte: 0, save: 3 }) });
    mount("-o", "remount,ro");
    const refused = await runTrainer(readOnly);
    mount("-o", "remount,rw");
    const rest = await begun.attempt();
    const ended = before.wasKilled && rest.done ? [] : ["the run did not come to its end"];
    return [...problems, ...messageProblems(refused, "EROFS"), ...begun.problems, ...ended];
  } finally {
    execFileSync("umount", [place], { stdio: "ignore" });
  }
}
