import { randomUUID } from "node:crypto";
import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ToolkitError, errorCode } from "../errors.ts";

/** How the files are called that say who writes a run folder, or wants to; a number of its own follows each time. */
export const LOCK = "run.lock";

const CLAIM = /^run\.lock\.[^.]+$/;

/** Who made a claim. */
interface Owner {
  readonly pid: number;
  readonly host: string;
  /** When the process began, where the system tells: its number may have been given to another one since. */
  readonly start: string | null;
}

/** A claim of a process that is there, as far as can be told. */
interface Claim {
  readonly name: string;
  readonly owner: Owner;
}

/** How long others are given to make way that came at the same time. */
const LOOKS = 10;
const BETWEEN_LOOKS_MS = 20;

/**
 * Takes a folder for this process, and returns how to give it back. Everybody makes a claim first and looks for others then, so that of two the later to look
 * sees the other's: who sees another one has not got it. Of those that come at the same time the first by name waits for the others to go. Claims of processes
 * that have ended count for nothing.
 * @throws E_RUN_LOCKED where another process holds it
 */
export async function takeLock(folder: string): Promise<() => Promise<void>> {
  const name = `${LOCK}.${randomUUID()}`;
  const own: Owner = { pid: process.pid, host: hostname(), start: (await startOf(process.pid)) ?? null };
  const draft = join(folder, `${name}.tmp-${process.pid}`);
  await writeFile(draft, `${JSON.stringify(own)}\n`);
  // nobody finds half of it
  await rename(draft, join(folder, name));
  // where it cannot be removed, this process's end gives it back
  const release = (): Promise<void> => rm(join(folder, name), { force: true }).catch(() => {});
  try {
    let [other] = await claimsOfOthers(folder, name);
    for (let look = 1; look < LOOKS && other && name < other.name; look++) {
      await sleep(BETWEEN_LOOKS_MS);
      [other] = await claimsOfOthers(folder, name);
    }
    if (other) throw lockedBy(other, folder);
    return release;
  } catch (error) {
    await release();
    throw error;
  }
}

/** Removes the claims of processes that have ended. */
export async function removeOldClaims(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (CLAIM.test(name) && !(await readClaim(folder, name))) await rm(join(folder, name), { force: true });
  }
}

/** Those that count, the first by name in front. */
async function claimsOfOthers(folder: string, own: string): Promise<readonly Claim[]> {
  const names = (await readdir(folder)).filter((name) => CLAIM.test(name) && name !== own);
  const claims = await Promise.all(names.toSorted().map((name) => readClaim(folder, name)));
  return claims.filter((claim) => claim !== undefined);
}

/** A claim that counts; nothing where it was given back, damaged, or its owner has ended. */
async function readClaim(folder: string, name: string): Promise<Claim | undefined> {
  const text = await readFile(join(folder, name), "utf8").catch((error: unknown) => {
    if (errorCode(error) !== "ENOENT") throw error;
    return "";
  });
  const owner = readOwner(text);
  return owner && (await isAlive(owner)) ? { name, owner } : undefined;
}

function readOwner(text: string): Owner | undefined {
  try {
    const { pid, host, start } = JSON.parse(text) as Partial<Owner>;
    if (!Number.isInteger(pid) || pid === undefined || pid <= 0 || typeof host !== "string") return undefined;
    return { pid, host, start: start ?? null };
  } catch {
    return undefined;
  }
}

/** Whether the process is there, as far as can be told: nothing is known of those of other machines. */
async function isAlive({ pid, host, start }: Owner): Promise<boolean> {
  if (host !== hostname()) return true;
  if (!isRunning(pid)) return false;
  const now = await startOf(pid);
  // where the system does not tell, its number must do
  return start === null || now === undefined || now === start;
}

/** Whether some process has this number. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
}

/** Number of the field, counted from 1. */
const STARTTIME = 22;

/** The start of the machine and, in clock ticks since then, of a process: proc(5); empty where it has ended. Nothing where this cannot be read. */
async function startOf(pid: number): Promise<string | undefined> {
  const boot = await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => undefined);
  const status = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (boot === undefined || status === undefined) return undefined;
  // the second field, the name, is in brackets and may hold any character
  const [state, ...fields] = status.slice(status.lastIndexOf(")") + 2).split(" ");
  const hasEnded = state === "Z" || state === "X";
  return hasEnded ? "" : `${boot.trim()} ${fields[STARTTIME - 4] ?? ""}`;
}

function lockedBy({ name, owner: { pid, host } }: Claim, folder: string): ToolkitError {
  const isHere = host === hostname();
  const who = isHere ? `process ${pid}` : `process ${pid} on "${host}"`;
  const gone = isHere ? "there is no such run" : "that machine or container is gone";
  return new ToolkitError("E_RUN_LOCKED", `Cannot use the run folder "${folder}": ${who} is writing it`, {
    hint: `wait for it, or delete "${join(folder, name)}" if ${gone}`,
  });
}
