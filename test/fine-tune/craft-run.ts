import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readDataset } from "../../toolkit/data/dataset.ts";
import type { Dataset } from "../../toolkit/data/dataset.ts";
import { hashFile } from "../../toolkit/data/hash.ts";
import type { SourceModel } from "../../toolkit/export/source-model.ts";
import type { FineTuneEvent, FineTuneResult } from "../../toolkit/fine-tune/events.ts";
import { fineTune } from "../../toolkit/fine-tune/fine-tune.ts";
import type { FineTuneOptions, FineTuneRun } from "../../toolkit/fine-tune/fine-tune.ts";
import type { Platform } from "../../toolkit/fine-tune/platform.ts";
import type { FineTuneSettings } from "../../toolkit/fine-tune/settings.ts";
import { sharpDecoder } from "../../toolkit/images/sharp.ts";
import { readModelFile } from "../../toolkit/onnx/read-file.ts";
import type { Runtime, RunOptions } from "../../toolkit/runtime/runtime.ts";
import { openCheckpoints } from "../../toolkit/train/checkpoint-folder.ts";
import { fixture } from "../support/fixtures.ts";
import { directRuntime } from "../support/run-graph.ts";
import { writeToyPhotos } from "../support/toy-photos.ts";
import type { ToyOptions } from "../support/toy-photos.ts";

const SMALL: FineTuneSettings = { sizePx: 32, batchSize: 8, seed: 3, threads: 1, cropScale: 0.5 };

export interface CraftRun extends FineTuneSettings {
  /** Name of the folder of its checkpoints. */
  readonly run?: string;
  readonly resume?: boolean;
  /** Told of every event; true aborts the run there. */
  readonly abortAt?: (event: FineTuneEvent) => boolean;
  readonly now?: () => number;
  readonly runtime?: Runtime;
  readonly dataset?: Dataset;
}

export interface CraftCase {
  readonly dataset: () => Dataset;
  readonly options: (given: CraftRun) => Promise<FineTuneOptions>;
  readonly train: (given: CraftRun) => Promise<Told>;
}

export interface Told {
  readonly events: readonly FineTuneEvent[];
  readonly result: FineTuneResult;
}

/** Fine-tuning a small network on toy photos, which are there while the tests of the enclosing `describe` run. */
export function craftCase(photos: ToyOptions = {}): CraftCase {
  let folder = "";
  let source: SourceModel;
  let dataset: Dataset;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "onnx-graft-craft-"));
    await writeToyPhotos(join(folder, "photos"), photos);
    source = { model: await readModelFile(fixture("resnet18-width8/bn.onnx")), name: "bn", sha256: "01" };
    dataset = await readDataset(join(folder, "photos"), { seed: 1 });
  });
  after(() => rm(folder, { recursive: true }));
  const options = async (given: CraftRun): Promise<FineTuneOptions> => {
    const { run, resume, abortAt: _abortAt, now, runtime = directRuntime, dataset: own, ...settings } = given;
    const platform: Platform = {
      runtime,
      decoder: sharpDecoder(),
      hashFile,
      ...(now ? { now } : {}),
      ...(run === undefined ? {} : { checkpoints: await openCheckpoints(join(folder, run)) }),
    };
    return { ...SMALL, ...settings, source, dataset: own ?? dataset, platform, ...(resume ? { resume } : {}) };
  };
  return {
    dataset: () => dataset,
    options,
    async train(given) {
      const stop = new AbortController();
      const run = fineTune({ ...(await options(given)), signal: stop.signal });
      return read(run, (event) => {
        if (given.abortAt?.(event)) stop.abort();
      });
    },
  };
}

async function read(run: FineTuneRun, look: (event: FineTuneEvent) => void): Promise<Told> {
  const events: FineTuneEvent[] = [];
  for await (const event of run) {
    events.push(event);
    look(event);
  }
  return { events, result: await run.result };
}

type Of<K extends FineTuneEvent["kind"]> = Extract<FineTuneEvent, { kind: K }>;

/** The events of one kind. */
export function eventsOf<K extends FineTuneEvent["kind"]>({ events }: Told, kind: K): readonly Of<K>[] {
  return events.filter((event): event is Of<K> => event.kind === kind);
}

/** All notes, a line each. */
export function notesOf(told: Told): string {
  return eventsOf(told, "note")
    .map((event) => event.text)
    .join("\n");
}

/** The same runtime, whose runs of the main program are shown first, and may be given something else. */
export function watchedRuntime(look: (options: RunOptions, number: number) => RunOptions | void): Runtime {
  let number = 0;
  return {
    ...directRuntime,
    async load(model, options) {
      const session = await directRuntime.load(model, options);
      const isStep = options?.state !== undefined;
      return {
        ...session,
        run(given) {
          if (!isStep || given.program !== undefined) return session.run(given);
          number += 1;
          return session.run(look(given, number) ?? given);
        },
      };
    },
  };
}
