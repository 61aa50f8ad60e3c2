import { mkdir, readdir, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { ToolkitError, errorCode, errorMessage } from "../errors.ts";
import { reportHtml } from "../report/report.ts";
import type { RunReport } from "../report/run-report.ts";
import { writeDurably } from "../train/checkpoint-folder.ts";
import type { FineTuneEvent, FineTuneResult } from "./events.ts";
import type { FineTuneRun } from "./fine-tune.ts";
import { type SplitLists, writeSplitLists } from "../data/splits/split-lists.ts";
import type { DataFindings } from "../report/data-section.ts";
import { worstMistakes } from "./mistakes.ts";
import type { MistakeSource } from "./mistakes.ts";
import { openRunConfig } from "./run-config.ts";
import { openRecordFile } from "./record-file.ts";
import { LOCK, removeOldClaims, takeLock } from "./run-lock.ts";
import { runLog } from "./run-log.ts";
import type { LoggedEpoch } from "./run-log.ts";
import type { RunAbout } from "./run-log.ts";
import { recordKey } from "./step-log.ts";

/** A folder that one run writes: model.onnx, config.json, metrics.jsonl, log.jsonl, report.json, report.html, checkpoints/. */
export interface RunFolder {
  readonly path: string;
  readonly checkpoints: string;
  /** Lets another run have the folder. */
  release(): Promise<void>;
  /** The same after a failure: where there is no checkpoint yet, nothing is left behind. */
  discard(): Promise<void>;
}

/**
 * Takes a folder for a run.
 * @throws E_RUN_LOCKED where another process is writing it; E_RUN_FOLDER where it holds something else, or a run that is not to be resumed; E_WRITE
 */
export async function openRunFolder(path: string, { resume = false }: { resume?: boolean } = {}): Promise<RunFolder> {
  const made = resume ? undefined : await mkdir(path, { recursive: true }).catch(refused(path));
  await checkContent(path, resume);
  const release = await takeLock(path).catch(refused(path));
  try {
    // another run may have come and gone meanwhile
    await checkContent(path, resume);
    await removeLeftovers(path);
  } catch (error) {
    await release();
    throw error;
  }
  return { path, checkpoints: join(path, "checkpoints"), release, discard: () => discard(path, made ?? path, release) };
}

/** What a failure of the file system becomes. */
function refused(path: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof ToolkitError) throw error;
    const reason = errorCode(error) ?? errorMessage(error);
    throw new ToolkitError("E_WRITE", `Cannot make the run folder "${path}": ${reason}`, { cause: error });
  };
}

/** @throws E_RUN_FOLDER */
async function checkContent(path: string, resume: boolean): Promise<void> {
  const names = (await readdir(path).catch(() => [] as string[])).filter((name) => !name.startsWith(LOCK));
  if (resume && !names.includes("checkpoints")) {
    throw new ToolkitError("E_RUN_FOLDER", `Cannot resume "${path}": it holds no checkpoints`, {
      hint: "give the folder of an interrupted run with --out",
    });
  }
  if (!resume && names.length > 0) {
    throw new ToolkitError("E_RUN_FOLDER", `Cannot start a run in "${path}": the folder is not empty`, {
      hint: names.includes("checkpoints")
        ? "go on from its checkpoint with --resume, or give another folder with --out"
        : "give another folder with --out",
    });
  }
}

/** What writers that were killed left: their claims, and temporary files. */
async function removeLeftovers(path: string): Promise<void> {
  await removeOldClaims(path);
  // those of other processes that want the folder are in use
  const names = (await readdir(path)).filter((name) => /\.tmp-\d+$/.test(name) && !name.startsWith(LOCK));
  for (const name of names) await rm(join(path, name), { force: true });
}

/** Removes what a run has written before its first checkpoint, so that the same command may be given again; and folders above, up to the first it made. */
async function discard(path: string, made: string, release: () => Promise<void>): Promise<void> {
  const isEmpty = await rmdir(join(path, "checkpoints")).then(
    () => true,
    () => false,
  );
  // what cannot be removed must not hide the failure that led here
  if (isEmpty)
    for (const name of ["config.json", "metrics.jsonl", "log.jsonl", "split.json"])
      await rm(join(path, name), { force: true }).catch(() => {});
  await release();
  const top = resolve(made);
  for (let folder = resolve(path); folder.startsWith(top); folder = dirname(folder)) {
    // where something else lies there
    await rmdir(folder).catch(() => {});
  }
}

export interface RecordOptions {
  readonly folder: RunFolder;
  readonly about: Omit<RunAbout, "finishedAt" | "title">;
  readonly mistakes: MistakeSource;
  /** Which photo is in which part, and what is known of them: written into split.json and the report. */
  readonly prepared?: { readonly lists: SplitLists } & Omit<DataFindings, "split">;
  /** A clock in milliseconds that never goes back. */
  readonly now: () => number;
  readonly today: () => Date;
}

/** Passes a run's events on and writes its folder beside; the folder is released at the end, however it comes. */
export async function* recordRun(run: FineTuneRun, options: RecordOptions): AsyncGenerator<FineTuneEvent, void> {
  const { folder, about, prepared } = options;
  const file = (name: string): string => join(folder.path, name);
  const epochs = await openRecordFile<LoggedEpoch>(file("metrics.jsonl"), (e) => `${e.stage} ${e.epoch}`);
  const records = await openRecordFile(file("log.jsonl"), recordKey);
  const log = runLog(options.now, epochs.earlier, records.earlier);
  let started = false;
  const config = await openRunConfig(file("config.json"), about);
  const write = async (result: FineTuneResult): Promise<void> => {
    if (!result.model) return;
    await writeDurably(file("model.onnx"), result.model);
    const title = basename(resolve(folder.path));
    const data = prepared && { balance: prepared.balance, split: prepared.lists.method, ...leaksOf(prepared) };
    const report = log.report(result, {
      ...about,
      title,
      finishedAt: options.today().toISOString(),
      ...(data ? { data } : {}),
    });
    await writeReport(folder, report, result, options.mistakes);
  };
  try {
    for await (const event of run) {
      // not before: a run that is refused must leave the folder as it was
      await config.told(event);
      if (!started && prepared) await writeSplitLists(folder.path, prepared.lists);
      started = true;
      if (event.kind === "rescued") await write(event.result);
      const epoch = log.add(event);
      if (epoch) await epochs.add(epoch);
      const record = log.record();
      if (record) await records.add(record);
      yield event;
    }
    await write(await run.result);
  } catch (error) {
    await folder.discard();
    throw error;
  } finally {
    await folder.release();
  }
}

function leaksOf({ leaks, odd }: Pick<DataFindings, "leaks" | "odd">): Pick<DataFindings, "leaks" | "odd"> {
  return { ...(leaks ? { leaks } : {}), ...(odd ? { odd } : {}) };
}

async function writeReport(
  folder: RunFolder,
  report: RunReport,
  result: FineTuneResult,
  mistakes: MistakeSource,
): Promise<void> {
  await writeDurably(join(folder.path, "report.json"), json(report));
  const { evaluation, classes } = result;
  // with several labels, or numbers, there is no one class that was mistaken for another
  const hasClasses = evaluation && evaluation.classes > 0 && !evaluation.several && !evaluation.heads;
  const worst = hasClasses ? await worstMistakes(evaluation, classes, mistakes) : [];
  await writeDurably(join(folder.path, "report.html"), await reportHtml(report, { worst, filters: result.filters }));
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
