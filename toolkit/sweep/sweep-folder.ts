import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { errorCode, errorMessage, ToolkitError } from "../errors.ts";
import { LOCK, takeLock } from "../fine-tune/run-lock.ts";
import { sweepHtml } from "../report/sweep-page.ts";
import { writeDurably } from "../train/checkpoint-folder.ts";
import { openJournal } from "./journal.ts";
import type { Journal } from "./journal.ts";
import { sweepReport } from "./sweep-report.ts";
import type { SweepAbout } from "./sweep-report.ts";
import type { SweepEvent, SweepResult } from "./sweep.ts";

const ABOUT = "sweep.json";
const TRIALS = "trials.jsonl";

/** What trials are only comparable with each other on. */
export interface SweptOn {
  /** sha256 of the model's file. */
  readonly model: string;
  /** Digest of the photos and their split. */
  readonly photos: string;
}

/** A folder that one sweep writes: sweep.json, trials.jsonl, results.json, best.json, report.html. */
export interface SweepFolder {
  readonly path: string;
  readonly journal: Journal;
  /** Writes what the sweep has come to. */
  write(result: SweepResult, about: Omit<SweepAbout, "title">): Promise<void>;
  /** Lets another sweep have the folder. */
  release(): Promise<void>;
}

export interface SweepFolderOptions {
  readonly on: SweptOn;
  /** Go on with the trials that the folder holds. */
  readonly resume?: boolean;
  /** Run those that failed once more. */
  readonly retryFailed?: boolean;
}

/**
 * Takes a folder for a sweep.
 * @throws E_RUN_LOCKED where another process is writing it; E_RUN_FOLDER where it holds something else, or a sweep that is not to be resumed; E_RESUME where its
 * trials were run on another model or other photos; E_WRITE
 */
export async function openSweepFolder(
  path: string,
  { on, resume = false, retryFailed = false }: SweepFolderOptions,
): Promise<SweepFolder> {
  if (!resume) await mkdir(path, { recursive: true }).catch(unwritable(path));
  await checkContent(path, resume);
  const release = await takeLock(path).catch(unwritable(path));
  try {
    // another may have come and gone meanwhile
    await checkContent(path, resume);
    if (resume) await checkSame(path, on);
    else await writeDurably(join(path, ABOUT), json(on));
    const journal = await openJournal(join(path, TRIALS), { retryFailed });
    return {
      path,
      journal,
      write: (result, about) => write(path, result, { ...about, title: basename(resolve(path)) }),
      async release() {
        await journal.close();
        await release();
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/** Passes a sweep's events on, and writes its folder at the end, however it comes; the folder is released then. */
export async function* recordSweep(
  events: AsyncGenerator<SweepEvent, SweepResult>,
  folder: SweepFolder,
  about: () => Omit<SweepAbout, "title">,
): AsyncGenerator<SweepEvent, SweepResult> {
  try {
    const result = yield* events;
    if (result.rows.length > 0) await folder.write(result, about());
    return result;
  } finally {
    await folder.release();
  }
}

async function write(path: string, result: SweepResult, about: SweepAbout): Promise<void> {
  const report = sweepReport(result, about);
  await writeDurably(join(path, "results.json"), json(report));
  if (result.bestSettings) {
    const { model, versions } = about;
    await writeDurably(join(path, "best.json"), json({ model, ...about.settle(result.bestSettings), versions }));
  } else await rm(join(path, "best.json"), { force: true });
  await writeDurably(join(path, "report.html"), await sweepHtml(report));
}

async function checkContent(path: string, resume: boolean): Promise<void> {
  const names = (await readdir(path).catch(() => [] as string[])).filter((name) => !name.startsWith(LOCK));
  const isSweep = names.includes(ABOUT);
  if (resume && !isSweep) {
    throw new ToolkitError("E_RUN_FOLDER", `Cannot resume "${path}": it holds no sweep`, {
      hint: "give the folder of an interrupted sweep with --out",
    });
  }
  if (!resume && names.length > 0) {
    throw new ToolkitError("E_RUN_FOLDER", `Cannot start a sweep in "${path}": the folder is not empty`, {
      hint: isSweep
        ? "go on with it with --resume, or give another folder with --out"
        : "give another folder with --out",
    });
  }
}

async function checkSame(path: string, on: SweptOn): Promise<void> {
  const before = await readAbout(join(path, ABOUT));
  const differ = before.model === on.model ? (before.photos === on.photos ? undefined : "photos") : "model";
  if (differ === undefined) return;
  const what = differ === "model" ? "another model" : "other photos, or another split of them";
  throw new ToolkitError("E_RESUME", `Cannot resume "${path}": its trials were run on ${what}`, {
    hint: "give the same model, photos, seed and validation share, or another folder with --out",
  });
}

async function readAbout(file: string): Promise<Partial<SweptOn>> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Partial<SweptOn>;
  } catch (error) {
    throw new ToolkitError("E_RESUME", `Cannot resume: "${file}" cannot be read: ${errorMessage(error)}`, {
      cause: error,
    });
  }
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function unwritable(path: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof ToolkitError) throw error;
    const reason = errorCode(error) ?? errorMessage(error);
    throw new ToolkitError("E_WRITE", `Cannot make the sweep folder "${path}": ${reason}`, { cause: error });
  };
}
