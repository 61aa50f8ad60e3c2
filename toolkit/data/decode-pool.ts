import { ToolkitError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";
import { pictureName } from "../images/picture-name.ts";
import type { SharpDecoderOptions } from "../images/sharp.ts";
import { type DecodeWorker, processFile, startWorker } from "./decode-worker.ts";
import type { PhotoJob, PhotoResult } from "./photo-job.ts";
import type { FromProcess, SentError } from "./serve-jobs.ts";

export interface DecodePoolOptions {
  /** Most processes at the same time. */
  readonly processes: number;
  readonly decoder?: SharpDecoderOptions;
  /** Longest time for one photo before its process is ended; 12 s where absent, which is more than the decoder's own. */
  readonly timeoutSeconds?: number;
  /** Most memory of a process: one that takes more is ended, and its photo is refused; 1 GB where absent. */
  readonly maxMemoryBytes?: number;
  /** A process is replaced after so many photos, and once it takes so much memory between two; 5,000 and 400 MB where absent. */
  readonly recycleAfter?: number;
  readonly recycleBytes?: number;
  /** Processes end after this time without work; 20 s where absent. */
  readonly idleSeconds?: number;
  /** What the processes run; decode-process.ts where absent. */
  readonly file?: URL;
}

/** Processes that do photo jobs. They start when there is work, and none outlives this one. */
export interface DecodePool {
  /** @throws as `Decoder.decode`; E_IMAGE_CRASH where the photo ends its process; E_DECODER where none can be started */
  run(job: PhotoJob): Promise<PhotoResult>;
  /** Starts one process, so that the first photo does not wait for it. */
  warmUp(): void;
  /** The identifiers of the processes there are. */
  pids(): readonly number[];
  /** Ends all processes; photos that are under way are refused. */
  close(): Promise<void>;
}

/** Jobs that a process has: the one it is at, and one to go on with while the answer is on its way. */
export const JOBS_PER_PROCESS = 2;
/** Tries of a photo whose process ended: something else may have ended it. */
const TRIES = 2;
/** Processes in a row that end before they are ready, until it is given up. */
const FAILED_STARTS = 3;
/** Longest time until a process is ready. */
const START_SECONDS = 30;
/** Time is counted in so many ticks: while this process is too busy to read answers, none pass. */
const TICKS = 10;

interface Task {
  readonly id: number;
  readonly job: PhotoJob;
  readonly resolve: (result: PhotoResult) => void;
  readonly reject: (error: Error) => void;
  tries: number;
  /** While a process is at it. */
  ticks: number;
}

interface Member {
  readonly worker: DecodeWorker;
  /** In the order they were sent: it is at the first. */
  tasks: Task[];
  ready: boolean;
  done: number;
  /** Gets no more jobs: it ends when it has none, or by itself. */
  leaving: boolean;
  /** Why it was ended, for the photo it was at. */
  reason?: ToolkitError;
}

type Answer = Extract<FromProcess, { readonly id: number }>;

export function decodePool(options: DecodePoolOptions): DecodePool {
  return new Pool(options);
}

class Pool implements DecodePool {
  readonly #options: Required<DecodePoolOptions>;
  readonly #members = new Set<Member>();
  #pending: Task[] = [];
  #next = 0;
  #failedStarts = 0;
  #closed = false;
  #clock: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(options: DecodePoolOptions) {
    this.#options = {
      decoder: {},
      timeoutSeconds: 12,
      maxMemoryBytes: 1e9,
      recycleAfter: 5000,
      recycleBytes: 400e6,
      idleSeconds: 20,
      file: processFile(),
      ...options,
    };
  }

  run(job: PhotoJob): Promise<PhotoResult> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        reject(closed());
        return;
      }
      this.#pending.push({ id: this.#next++, job, resolve, reject, tries: 0, ticks: 0 });
      this.#feed();
    });
  }

  warmUp(): void {
    if (this.#members.size > 0 || this.#closed) return;
    this.#start();
    this.#rest();
  }

  pids(): readonly number[] {
    return [...this.#members].flatMap(({ worker }) => worker.pid ?? []);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const members = [...this.#members];
    const tasks = [...members.flatMap((member) => member.tasks), ...this.#pending];
    this.#members.clear();
    this.#pending = [];
    this.#rest();
    clearTimeout(this.#idle);
    for (const task of tasks) task.reject(closed());
    for (const { worker } of members) {
      worker.hold(true);
      worker.kill();
    }
    await Promise.all(members.map(({ worker }) => worker.over));
  }

  /** Gives pending jobs to processes, starting those that are missing, and lets go of what has none. */
  #feed(): void {
    while (this.#pending.length > 0) {
      const [free] = [...this.#members].filter((m) => !m.leaving).toSorted((a, b) => a.tasks.length - b.tasks.length);
      const isMissing = (!free || free.tasks.length > 0) && this.#members.size < this.#options.processes;
      const member = isMissing ? this.#start() : free;
      if (!member || member.tasks.length >= JOBS_PER_PROCESS) break;
      const task = this.#pending.shift() as Task;
      member.tasks.push(task);
      member.worker.tell({ kind: "job", id: task.id, job: task.job });
    }
    for (const { worker, tasks, leaving } of this.#members) {
      worker.hold(tasks.length > 0);
      if (leaving && tasks.length === 0) worker.kill();
    }
    this.#rest();
  }

  /** Runs the clock while there is work, and ends the processes some time after it. */
  #rest(): void {
    clearTimeout(this.#idle);
    if ([...this.#members].some(({ tasks }) => tasks.length > 0)) {
      const tickMs = (this.#options.timeoutSeconds * 1000) / TICKS;
      this.#clock ??= setInterval(() => this.#tick(), tickMs).unref();
      return;
    }
    clearInterval(this.#clock);
    this.#clock = undefined;
    const release = (): void => {
      for (const member of this.#members) dismiss(member);
    };
    this.#idle = setTimeout(release, this.#options.idleSeconds * 1000).unref();
  }

  #tick(): void {
    const { timeoutSeconds } = this.#options;
    for (const member of this.#members) {
      const [task] = member.tasks;
      const limit = member.ready ? TICKS : (TICKS * START_SECONDS) / timeoutSeconds;
      if (!task || ++task.ticks <= limit) continue;
      const message = `Cannot decode ${pictureName(task.job.source)}: it takes longer than ${timeoutSeconds} s`;
      if (member.ready) member.reason = new ToolkitError("E_IMAGE_TIMEOUT", message);
      member.worker.kill();
    }
  }

  #start(): Member {
    const { file, decoder, maxMemoryBytes } = this.#options;
    const worker = startWorker(file, { decoder, maxMemoryBytes }, (message) => this.#take(member, message));
    const member: Member = { worker, tasks: [], ready: false, done: 0, leaving: false };
    this.#members.add(member);
    void worker.over.then((why) => this.#lose(member, why));
    return member;
  }

  #take(member: Member, message: FromProcess): void {
    if (message.kind === "ready") {
      member.ready = true;
      this.#failedStarts = 0;
      for (const task of member.tasks) task.ticks = 0;
    } else if (message.kind === "unready") {
      member.reason = new ToolkitError("E_DECODER", `Cannot start a process that decodes: ${message.error.message}`);
    } else if (member.tasks[0]?.id === message.id) {
      this.#settle(member, member.tasks.shift() as Task, message);
    }
  }

  #settle(member: Member, task: Task, message: Answer): void {
    const { recycleAfter, recycleBytes } = this.#options;
    member.done++;
    if (message.kind === "done") {
      if (member.done >= recycleAfter || message.memoryBytes > recycleBytes) member.leaving = true;
      task.resolve(message.result);
    } else {
      if (message.ending) member.leaving = true;
      task.reject(errorOf(message.error));
    }
    this.#feed();
  }

  /** A process is gone: the photo it was at is to blame, unless it was leaving; whatever else it had goes to another. */
  #lose(member: Member, why: string): void {
    if (!this.#members.delete(member)) return;
    const [first, ...others] = member.tasks;
    const again = (tasks: readonly Task[]): void => void this.#pending.unshift(...tasks);
    if (!first || member.leaving) again(member.tasks);
    else if (!member.ready) {
      again(member.tasks);
    } else if (member.reason || ++first.tries >= TRIES) {
      again(others);
      first.reject(member.reason ?? crashed(first.job, why));
    } else {
      first.ticks = 0;
      again(member.tasks);
    }
    if (!member.ready && !member.leaving && ++this.#failedStarts >= FAILED_STARTS) this.#giveUp(member.reason, why);
    this.#feed();
  }

  #giveUp(reason: ToolkitError | undefined, why: string): void {
    this.#failedStarts = 0;
    const tasks = this.#pending;
    this.#pending = [];
    const message = reason?.message ?? `Cannot start a process that decodes: ${why}`;
    const hint = "decode in this process: --decoders 0 (decodeProcesses: 0)";
    for (const task of tasks) task.reject(new ToolkitError("E_DECODER", message, { hint }));
  }
}

/** Ends a process that has nothing to do. */
function dismiss(member: Member): void {
  member.leaving = true;
  member.worker.kill();
}

function errorOf({ code, message, hint }: SentError): Error {
  if (!code?.startsWith("E_")) return new Error(message);
  return new ToolkitError(code as ErrorCode, message, hint === undefined ? {} : { hint });
}

function crashed(job: PhotoJob, why: string): ToolkitError {
  return new ToolkitError("E_IMAGE_CRASH", `Cannot decode ${pictureName(job.source)}: ${why}`, {
    hint: "the file is damaged in a way that the decoder does not survive: leave it out",
  });
}

function closed(): ToolkitError {
  return new ToolkitError("E_STOPPED", "Cannot decode: the decoder is closed");
}
