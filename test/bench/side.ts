import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

/** One side of the comparison: a process of its own that reads a request a line, does that work once, and answers with the seconds it took. */
export interface Side {
  /** What the process says about itself when it starts. */
  readonly about: Readonly<Record<string, string | number>>;
  /** Seconds that one run took; a request that is new is warmed up first. */
  seconds(request: object): Promise<number>;
  /** The most memory (MiB) the process ever held; null where the system does not tell (only Linux does). */
  peakMb(): number | null;
  /** Lets the process end by itself, so that it can remove what it wrote. */
  close(): Promise<void>;
}

/** Starts a side and waits until it says what it is. */
export async function openSide(command: string, args: readonly string[]): Promise<Side> {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "close");
  // that it ended is said where its answer is missed
  child.stdin.on("error", () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async <T>(): Promise<T> => {
    const line = await lines.next();
    if (line.done) throw new Error(`Cannot measure: the process ${[command, ...args].join(" ")} ended`);
    return JSON.parse(line.value) as T;
  };
  return {
    about: await answer<Record<string, string | number>>(),
    async seconds(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return (await answer<{ seconds: number }>()).seconds;
    },
    peakMb: () => (child.pid === undefined ? null : residentPeakMb(child.pid)),
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}

/** VmHWM: unlike ru_maxrss it leaves out what the process held before it became this program. */
function residentPeakMb(pid: number): number | null {
  try {
    const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return kib === undefined ? null : Number(kib) / 1024;
  } catch {
    return null;
  }
}
