import { spawn } from "node:child_process";
import { once } from "node:events";
import { extname } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { FineTuneSettings } from "../../toolkit/fine-tune/settings.ts";

export interface TrainerOptions {
  /** Where it kills itself, as `faultText` writes it. */
  readonly crashAt?: string;
  /** Where the file system refuses, and with which code. */
  readonly refuseAt?: string;
  readonly refuseWith?: string;
  /** Whether checkpoints are written carelessly. */
  readonly naive?: boolean;
  /** Whether the run folder is filled with all that a run leaves. */
  readonly isRecorded?: boolean;
  readonly settings?: FineTuneSettings;
}

/** One life of a trainer. */
export interface Attempt {
  /** The loss of each step that it told. */
  readonly losses: ReadonlyMap<number, number>;
  readonly notes: readonly string[];
  /** The digest of model.onnx and its accuracy, where it came to its end. */
  readonly done: { readonly model: string; readonly top1: number } | undefined;
  readonly wasKilled: boolean;
  readonly code: number | null;
  readonly stderr: string;
  /** From its start until it had the run folder, until its first step, and until its end. */
  readonly ms: { readonly began: number; readonly firstStep: number; readonly end: number };
}

export interface Trainer {
  /** Resolves once it has the run folder, or has ended. */
  readonly began: Promise<void>;
  readonly ended: Promise<Attempt>;
  kill(): void;
}

/** When a trainer is killed, in milliseconds: after its start, or after it has the run folder. */
export type KillTime = { readonly afterStart: number } | { readonly afterBegin: number };

type Line =
  | { readonly kind: "began" }
  | { readonly kind: "step"; readonly step: number; readonly loss: number }
  | { readonly kind: "note"; readonly text: string }
  | { readonly kind: "done"; readonly model: string; readonly top1: number };

const extension = extname(import.meta.url);
const script = fileURLToPath(new URL(`./trainer-process${extension}`, import.meta.url));

/** Starts a trainer on a run folder: a new run, or one that goes on. */
export function startTrainer(folder: string, options: TrainerOptions = {}, killAt?: KillTime): Trainer {
  const loader = extension === ".ts" ? ["--import=tsx"] : [];
  const start = performance.now();
  const child = spawn(process.execPath, [...loader, script, folder, JSON.stringify(options)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const kill = (): void => void child.kill("SIGKILL");
  let timer: NodeJS.Timeout | undefined;
  const killIn = (ms: number): void => {
    timer = setTimeout(kill, ms);
  };
  if (killAt && "afterStart" in killAt) killIn(killAt.afterStart);
  const losses = new Map<number, number>();
  const notes: string[] = [];
  const ms = { began: Number.NaN, firstStep: Number.NaN, end: Number.NaN };
  let done: Attempt["done"];
  let stderr = "";
  child.stderr.on("data", (piece: Buffer) => (stderr += piece.toString()));
  let begin: () => void = () => {};
  const began = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const hear = (line: Line): void => {
    if (line.kind === "began") {
      ms.began = performance.now() - start;
      if (killAt && "afterBegin" in killAt) killIn(killAt.afterBegin);
      begin();
    } else if (line.kind === "step") {
      if (losses.size === 0) ms.firstStep = performance.now() - start;
      losses.set(line.step, line.loss);
    } else if (line.kind === "note") notes.push(line.text);
    else done = { model: line.model, top1: line.top1 };
  };
  const read = async (): Promise<Attempt> => {
    const closed = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
    for await (const line of createInterface({ input: child.stdout }))
      if (isWhole(line)) hear(JSON.parse(line) as Line);
    const [code, signal] = await closed;
    clearTimeout(timer);
    ms.end = performance.now() - start;
    begin();
    return { losses, notes, done, wasKilled: signal === "SIGKILL", code, stderr, ms };
  };
  return { began, ended: read(), kill };
}

/** Starts a trainer and waits for its end. */
export function runTrainer(folder: string, options: TrainerOptions = {}, killAt?: KillTime): Promise<Attempt> {
  return startTrainer(folder, options, killAt).ended;
}

/** The last line of a process that was killed may be cut off. */
function isWhole(line: string): boolean {
  return line.endsWith("}");
}
