import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { untrainedModel } from "../../models/untrained-model.ts";
import { fineTune, ToolkitError } from "../../toolkit/node.ts";
import type { Dataset } from "../../toolkit/node.ts";
import type { EpochRecord, RunReport } from "../../toolkit/report/run-report.ts";
import type { Step } from "./steps.ts";

/** What a row has come to. */
export interface Row {
  readonly id: string;
  readonly adds: string;
  readonly seed: number;
  /** Pictures that were learnt from. */
  readonly pictures: number;
  /** Of the test pictures, after the last epoch. */
  readonly top1: number;
  readonly loss: number;
  /** Training alone, without the test after each epoch. */
  readonly seconds: number;
  readonly epochs: readonly EpochRecord[];
  /** What it was trained with: a row of other settings is none of this table. */
  readonly settings: object;
}

export interface RowOptions {
  readonly data: Dataset;
  /** The run's own folder; the row is written beside it. */
  readonly folder: string;
  readonly seed: number;
  readonly say: (line: string) => void;
  readonly cacheFolder?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Trains a row: one that is done is read, one that was interrupted goes on from its last checkpoint.
 * @throws E_STOPPED where the signal has ended it
 */
export async function trainRow(step: Step, options: RowOptions): Promise<Row> {
  const { data, folder, seed, say, cacheFolder, signal } = options;
  const known = await rowIn(folder, step, data);
  if (known) {
    say(`   known: ${percent(known.top1)}`);
    return known;
  }
  await mkdir(dirname(folder), { recursive: true });
  const run = await fineTune({
    ...step.settings,
    model: { ...untrainedModel(step.network, { seed }), ...step.pixels },
    data,
    seed,
    out: folder,
    resume: existsSync(join(folder, "checkpoints")),
    ...(cacheFolder === undefined ? {} : { cacheFolder }),
    ...(signal ? { signal } : {}),
  });
  for await (const event of run) {
    if (event.kind === "note" && event.text.startsWith("going on")) say(`   ${event.text}`);
    if (event.kind !== "epoch" || !event.evaluation) continue;
    const shares = `learnt ${percent(event.trainAccuracy)}  test ${percent(event.evaluation.top1)}`;
    say(`   epoch ${String(event.epoch).padStart(2)}  loss ${event.trainLoss.toFixed(3)}  ${shares}`);
  }
  const { status, stages } = await run.result;
  const final = stages.at(-1)?.final;
  if (status === "stopped" || !final) {
    throw new ToolkitError("E_STOPPED", `Cannot finish "${step.id}": it was stopped`, {
      hint: "the same command goes on from its checkpoint",
    });
  }
  const report = JSON.parse(await readFile(join(folder, "report.json"), "utf8")) as RunReport;
  const epochs = report.stages.flatMap((stage) => stage.epochs);
  const row: Row = {
    id: step.id,
    adds: step.adds,
    seed,
    pictures: data.train.length,
    top1: final.top1,
    loss: final.loss,
    seconds: epochs.reduce((sum, epoch) => sum + epoch.seconds, 0),
    epochs,
    settings: settingsOf(step),
  };
  await writeFile(`${folder}.json`, `${JSON.stringify(row, undefined, 2)}\n`);
  return row;
}

/** The row that was trained in a folder, if it has come to its end with these settings on as many pictures. */
export async function rowIn(folder: string, step: Step, { train }: Dataset): Promise<Row | undefined> {
  const text = await readFile(`${folder}.json`, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const row = JSON.parse(text) as Row;
  const isSame = JSON.stringify(row.settings) === JSON.stringify(settingsOf(step));
  return isSame && row.pictures === train.length ? row : undefined;
}

function settingsOf({ network, pixels, settings }: Step): object {
  return { network: network.name, ...pixels, ...settings };
}

/** A share as text. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
