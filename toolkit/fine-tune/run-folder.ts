import { appendFile, mkdir, open, readFile, readdir, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { ToolkitError, errorCode } from "../errors.ts";
import { reportHtml } from "../report/report.ts";
import type { RunReport } from "../report/run-report.ts";
import { writeDurably } from "../train/checkpoint-folder.ts";
import type { FineTuneEvent, FineTuneResult, StageName } from "./events.ts";
import type { Formulations } from "./formulations.ts";
import type { FineTuneRun } from "./fine-tune.ts";
import { worstMistakes } from "./mistakes.ts";
import type { MistakeSource } from "./mistakes.ts";
import { runLog } from "./run-log.ts";
import type { LoggedEpoch } from "./run-log.ts";
import type { RunAbout } from "./run-log.ts";

const LOCK = "run.lock";

/** A folder that one run writes: model.onnx, config.json, metrics.jsonl, report.json, report.html, checkpoints/. */
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
 * @throws E_RUN_LOCKED where another process is writing it; E_RUN_FOLDER where it holds something else, or a run that is not to be resumed
 */
export async function openRunFolder(path: string, { resume = false }: { resume?: boolean } = {}): Promise<RunFolder> {
  let made: string | undefined;
  if (!resume) {
    made = await mkdir(path, { recursive: true }).catch((error: unknown) => {
      throw new ToolkitError(
        "E_WRITE",
        `Cannot make the run folder "${path}": ${errorCode(error) ?? "unknown error"}`,
        {
          cause: error,
        },
      );
    });
  }
  const names = (await readdir(path).catch(() => [] as string[])).filter((name) => name !== LOCK);
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
  await lock(path);
  const release = (): Promise<void> => rm(join(path, LOCK), { force: true });
  return { path, checkpoints: join(path, "checkpoints"), release, discard: () => discard(path, made ?? path, release) };
}

/** Removes what a run has written before its first checkpoint, so that the same command may be given again; and folders above, up to the first it made. */
async function discard(path: string, made: string, release: () => Promise<void>): Promise<void> {
  const isEmpty = await rmdir(join(path, "checkpoints")).then(
    () => true,
    () => false,
  );
  if (isEmpty) for (const name of ["config.json", "metrics.jsonl"]) await rm(join(path, name), { force: true });
  await release();
  const top = resolve(made);
  for (let folder = resolve(path); folder.startsWith(top); folder = dirname(folder)) {
    // where something else lies there
    await rmdir(folder).catch(() => {});
  }
}

async function lock(path: string): Promise<void> {
  const file = join(path, LOCK);
  const claim = async (): Promise<void> => {
    const handle = await open(file, "wx");
    await handle.writeFile(String(process.pid));
    await handle.close();
  };
  try {
    await claim();
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
    const owner = Number(await readFile(file, "utf8").catch(() => ""));
    if (isAlive(owner)) {
      throw new ToolkitError("E_RUN_LOCKED", `Cannot use the run folder "${path}": process ${owner} is writing it`, {
        hint: `wait for it, or delete "${file}" if there is no such run`,
      });
    }
    await rm(file, { force: true });
    await claim();
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
}

export interface RecordOptions {
  readonly folder: RunFolder;
  readonly about: Omit<RunAbout, "finishedAt" | "title">;
  readonly mistakes: MistakeSource;
  /** A clock in milliseconds that never goes back. */
  readonly now: () => number;
  readonly today: () => Date;
}

/** Passes a run's events on and writes its folder beside; the folder is released at the end, however it comes. */
export async function* recordRun(run: FineTuneRun, options: RecordOptions): AsyncGenerator<FineTuneEvent, void> {
  const { folder, about } = options;
  const file = (name: string): string => join(folder.path, name);
  const log = runLog(options.now, await loggedEpochs(file("metrics.jsonl")));
  let started = false;
  const formulations: Partial<Record<StageName, Formulations>> = {};
  const write = async (result: FineTuneResult): Promise<void> => {
    if (!result.model) return;
    await writeDurably(file("model.onnx"), result.model);
    const title = basename(resolve(folder.path));
    const report = log.report(result, { ...about, title, finishedAt: options.today().toISOString() });
    await writeReport(folder, report, result, options.mistakes);
  };
  try {
    for await (const event of run) {
      // not before: a run that is refused must leave the folder as it was
      if (!started || event.kind === "formulations") {
        if (event.kind === "formulations") {
          const { blockSize, forms } = event;
          formulations[event.stage] = { blockSize, forms };
        }
        await writeDurably(
          file("config.json"),
          json({ model: about.model, ...about.settings, versions: about.versions, formulations }),
        );
      }
      started = true;
      if (event.kind === "rescued") await write(event.result);
      const epoch = log.add(event);
      if (epoch) await appendFile(file("metrics.jsonl"), `${JSON.stringify(epoch)}\n`);
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

/** The epochs that an interrupted run had logged; a line that was cut off by a crash is passed over. */
async function loggedEpochs(path: string): Promise<readonly LoggedEpoch[]> {
  const text = await readFile(path, "utf8").catch(() => "");
  return text.split("\n").flatMap((line) => {
    try {
      return [JSON.parse(line) as LoggedEpoch];
    } catch {
      return [];
    }
  });
}

async function writeReport(
  folder: RunFolder,
  report: RunReport,
  result: FineTuneResult,
  mistakes: MistakeSource,
): Promise<void> {
  await writeDurably(join(folder.path, "report.json"), json(report));
  const worst = result.evaluation ? await worstMistakes(result.evaluation, result.classes, mistakes) : [];
  await writeDurably(join(folder.path, "report.html"), await reportHtml(report, { worst }));
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
