import { open, readFile } from "node:fs/promises";
import { errorCode, errorMessage, ToolkitError } from "../errors.ts";
import type { FineTuneSettings } from "../fine-tune/settings.ts";
import type { TrialRecord } from "./trial.ts";

/** The trials that have ended, whoever ran them. */
export interface Journal {
  /** The trial of the same settings, whatever their order. */
  find(settings: FineTuneSettings): TrialRecord | undefined;
  /** Once it returns, the record outlives a crash. */
  add(record: TrialRecord): Promise<void>;
}

export interface JournalOptions {
  /** Whether trials that failed are forgotten, so that they are run once more. */
  readonly retryFailed?: boolean;
}

/** A journal that is lost with the process. */
export function heldJournal(records: readonly TrialRecord[] = []): Journal {
  const known = new Map(records.map((record) => [keyOf(record.settings), record]));
  return {
    find: (settings) => known.get(keyOf(settings)),
    // eslint-disable-next-line typescript/require-await -- the other one writes a file
    add: async (record) => void known.set(keyOf(record.settings), record),
  };
}

/**
 * A journal in a file, a line of JSON for each trial. A line that a crash cut off is passed over; of two for the same settings the later one counts.
 * @throws E_WRITE
 */
export async function openJournal(
  path: string,
  { retryFailed = false }: JournalOptions = {},
): Promise<Journal & { close(): Promise<void> }> {
  const text = await readFile(path, "utf8").catch(absent);
  const records = text.split("\n").flatMap(recordsIn);
  const held = heldJournal(retryFailed ? records.filter(({ status }) => status === "done") : records);
  const file = await open(path, "a").catch(unwritable(path));
  const append = async (line: string): Promise<void> => {
    await file.appendFile(line);
    await file.sync();
  };
  // what comes next must not be written behind a torn line
  if (text !== "" && !text.endsWith("\n")) await append("\n").catch(unwritable(path));
  return {
    find: (settings) => held.find(settings),
    async add(record) {
      await append(`${JSON.stringify(record)}\n`).catch(unwritable(path));
      await held.add(record);
    },
    close: () => file.close(),
  };
}

/** Settings as a text that does not depend on the order in which they were given. Threads change no result worth a trial. */
function keyOf({ threads: _threads, ...settings }: FineTuneSettings): string {
  return JSON.stringify(sorted(settings));
}

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).filter(([, v]) => v !== undefined);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, v]) => [name, sorted(v)]));
}

function recordsIn(line: string): readonly TrialRecord[] {
  try {
    const record = JSON.parse(line) as Partial<TrialRecord> | null;
    const isOne = record?.settings !== undefined && (record.status === "done" || record.status === "failed");
    return isOne ? [record as TrialRecord] : [];
  } catch {
    return [];
  }
}

function absent(error: unknown): string {
  if (errorCode(error) === "ENOENT") return "";
  throw error;
}

function unwritable(path: string): (error: unknown) => never {
  return (cause) => {
    throw new ToolkitError("E_WRITE", `Cannot write "${path}": ${errorMessage(cause)}`, { cause });
  };
}
