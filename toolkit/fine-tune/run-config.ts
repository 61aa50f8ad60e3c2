import { readFile } from "node:fs/promises";
import { writeDurably } from "../train/checkpoint-folder.ts";
import type { FineTuneEvent, StageName } from "./events.ts";
import type { Formulations } from "./formulations.ts";
import type { RunAbout } from "./run-log.ts";

/** What a run finds out about a stage: how its step is written, and its rate, where that is found by a range test. */
interface Found {
  readonly formulations: Partial<Record<StageName, Formulations>>;
  readonly foundRates: Partial<Record<StageName, number>>;
}

/** config.json: the settings of a run, from which it can be repeated, and what it has found out. */
export interface RunConfig {
  /** Writes the file before the first event is told, and again where an event says something new. */
  told(event: FineTuneEvent): Promise<void>;
}

/** The file of a run that begins, or of one that goes on, which keeps what the earlier stages have found out. Nothing is written yet. */
export async function openRunConfig(
  path: string,
  { model, settings, versions }: Pick<RunAbout, "model" | "settings" | "versions">,
): Promise<RunConfig> {
  const { formulations, foundRates } = await foundBefore(path);
  let isWritten = false;
  return {
    async told(event) {
      if (event.kind === "formulations") {
        const { blockSize, forms, provider } = event;
        formulations[event.stage] = { blockSize, forms, ...(provider === undefined ? {} : { provider }) };
      } else if (event.kind === "rate") foundRates[event.stage] = event.rate;
      else if (isWritten) return;
      isWritten = true;
      const found = { formulations, ...(Object.keys(foundRates).length === 0 ? {} : { foundRates }) };
      await writeDurably(path, `${JSON.stringify({ model, ...settings, versions, ...found }, undefined, 2)}\n`);
    },
  };
}

async function foundBefore(path: string): Promise<Found> {
  const none: Found = { formulations: {}, foundRates: {} };
  try {
    return { ...none, ...(JSON.parse(await readFile(path, "utf8")) as Partial<Found>) };
  } catch {
    // a run that begins has no such file; one that goes on does without a damaged one
    return none;
  }
}
