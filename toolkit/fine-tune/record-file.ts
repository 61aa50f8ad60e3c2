import { appendFile, readFile } from "node:fs/promises";
import { ToolkitError, errorMessage } from "../errors.ts";
import { writeDurably } from "../train/checkpoint-folder.ts";

/** A file of JSON lines, a record each. */
export interface RecordFile<T> {
  /** The records that an interrupted run had written. */
  readonly earlier: readonly T[];
  /** Adds a record; one of an earlier run that is the same again is replaced in its place. @throws E_WRITE */
  add(record: T): Promise<void>;
}

/** Opens such a file, which need not be there. A line that was cut off by a crash is passed over. `key` is alike for records that replace each other. */
export async function openRecordFile<T>(path: string, key: (record: T) => string): Promise<RecordFile<T>> {
  const text = await readFile(path, "utf8").catch(() => "");
  const earlier = text.split("\n").flatMap((line): T[] => {
    try {
      return [JSON.parse(line) as T];
    } catch {
      return [];
    }
  });
  const records = new Map(earlier.map((record) => [key(record), record]));
  // the last line may have been cut off
  let isWhole = false;
  return {
    earlier,
    async add(record) {
      const isNew = !records.has(key(record));
      records.set(key(record), record);
      if (isWhole && isNew) {
        await appendFile(path, lineOf(record)).catch((error: unknown) => {
          throw new ToolkitError("E_WRITE", `Cannot write "${path}": ${errorMessage(error)}`, { cause: error });
        });
      } else await writeDurably(path, [...records.values()].map(lineOf).join(""));
      isWhole = true;
    },
  };
}

function lineOf(record: unknown): string {
  return `${JSON.stringify(record)}\n`;
}
