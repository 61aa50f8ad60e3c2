import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { FromProcess, ProcessOptions, ToProcess } from "./serve-jobs.ts";

/** A process that decodes, seen from here. */
export interface DecodeWorker {
  readonly pid: number | undefined;
  tell(message: ToProcess): void;
  /** Whether this process stays alive for that one. */
  hold(yes: boolean): void;
  kill(): void;
  /** When it is gone and everything it sent has been taken: why. */
  readonly over: Promise<string>;
}

/** Starts one; `take` gets what it sends. */
export function startWorker(file: URL, options: ProcessOptions, take: (message: FromProcess) => void): DecodeWorker {
  const child = fork(fileURLToPath(file), [], {
    serialization: "advanced",
    // what runs .ts here must run it there
    execArgv: file.pathname.endsWith(".ts") ? process.execArgv : [],
    // one photo at a time: memory in more arenas would only be fragments
    env: { MALLOC_ARENA_MAX: "2", ...process.env },
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  child.on("message", take);
  const over = new Promise<string>((resolve) => {
    let why: string | undefined;
    const check = (): void => {
      if (why !== undefined && !child.connected) resolve(why);
    };
    child.once("disconnect", check);
    child.once("exit", (code, signal) => {
      why ??= signal ? `its process was ended by ${signal}` : `its process ended with exit code ${code}`;
      check();
    });
    child.on("error", (error) => {
      // one that was started has an exit as well
      if (child.pid === undefined) resolve(error.message);
    });
  });
  const worker: DecodeWorker = {
    pid: child.pid,
    // one that is gone is heard of by its end
    tell: (message) => void child.send(message, () => {}),
    hold(yes) {
      if (yes) child.ref();
      else child.unref();
      if (yes) child.channel?.ref();
      else child.channel?.unref();
    },
    kill: () => void child.kill("SIGKILL"),
    over,
  };
  worker.hold(false);
  worker.tell({ kind: "start", options });
  return worker;
}

/** decode-process.ts beside this file, compiled or not, as this file is. */
export function processFile(): URL {
  return new URL(import.meta.url.endsWith(".ts") ? "./decode-process.ts" : "./decode-process.js", import.meta.url);
}
