import { errorCode, errorMessage } from "../errors.ts";
import { pictureName } from "../images/picture-name.ts";
import type { SharpDecoderOptions } from "../images/sharp.ts";
import { photoJob } from "./photo-job.ts";
import type { JobTools, PhotoJob, PhotoResult } from "./photo-job.ts";

/** The first message to a process. */
export interface ProcessOptions {
  readonly decoder: SharpDecoderOptions;
  /** The process ends itself where it takes more, with the photo that it is at. */
  readonly maxMemoryBytes: number;
}

export type ToProcess =
  | { readonly kind: "start"; readonly options: ProcessOptions }
  | { readonly kind: "job"; readonly id: number; readonly job: PhotoJob };

export type FromProcess =
  | { readonly kind: "ready" }
  /** It could not be made ready. */
  | { readonly kind: "unready"; readonly error: SentError }
  | { readonly kind: "error"; readonly id: number; readonly error: SentError; readonly ending: boolean }
  | { readonly kind: "done"; readonly id: number; readonly result: PhotoResult; readonly memoryBytes: number };

export interface SentError {
  readonly code: string | undefined;
  readonly message: string;
  readonly hint: string | undefined;
}

/** How often a process looks at how much memory it takes. */
const MEMORY_CHECK_MS = 50;

/**
 * Makes this process one that does photo jobs, one after another in the order they come. It ends with its parent, and it leaves Ctrl-C to
 * the parent: the terminal sends it to all processes.
 */
export function serveJobs(open: (options: SharpDecoderOptions) => Promise<JobTools>): void {
  process.on("SIGINT", ignore);
  process.on("SIGTERM", ignore);
  // whatever native code is doing
  process.on("disconnect", end);
  let tools: JobTools | undefined;
  let maxMemoryBytes = Infinity;
  let work: Promise<void> = Promise.resolve();
  const start = async ({ decoder: options, maxMemoryBytes: most }: ProcessOptions): Promise<void> => {
    maxMemoryBytes = most;
    try {
      tools = await open(options);
      await send({ kind: "ready" });
    } catch (error) {
      await send({ kind: "unready", error: sentError(error) });
      end();
    }
  };
  const serve = async (id: number, job: PhotoJob): Promise<void> => {
    if (!tools) return;
    const watch = setInterval(() => {
      if (process.memoryUsage.rss() <= maxMemoryBytes) return;
      clearInterval(watch);
      void send({ kind: "error", id, error: tooLarge(job, maxMemoryBytes), ending: true }).then(end);
    }, MEMORY_CHECK_MS);
    try {
      const result = await photoJob(tools, job);
      // waits until the system has it: if the next photo ends this process, this one still arrives
      await send({ kind: "done", id, result, memoryBytes: process.memoryUsage.rss() });
    } catch (error) {
      await send({ kind: "error", id, error: sentError(error), ending: false });
    } finally {
      clearInterval(watch);
    }
  };
  process.on("message", (message: ToProcess) => {
    work = work.then(() => (message.kind === "start" ? start(message.options) : serve(message.id, message.job)));
  });
}

function send(message: FromProcess): Promise<void> {
  return new Promise((resolve) => {
    // without a parent there is nobody to tell
    if (!process.send?.(message, undefined, undefined, () => resolve())) resolve();
  });
}

function end(): void {
  process.kill(process.pid, "SIGKILL");
}

function ignore(): void {}

function sentError(error: unknown): SentError {
  const hint = error instanceof Error && "hint" in error && typeof error.hint === "string" ? error.hint : undefined;
  return { code: errorCode(error), message: errorMessage(error), hint };
}

function tooLarge({ source }: PhotoJob, bytes: number): SentError {
  return {
    code: "E_IMAGE_TOO_LARGE",
    message: `Cannot decode ${pictureName(source)}: it takes more than ${Math.round(bytes / 1e6)} MB of memory`,
    hint: undefined,
  };
}
