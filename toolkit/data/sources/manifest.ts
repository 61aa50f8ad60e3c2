import { readFile, stat } from "node:fs/promises";
import { dirname, posix, resolve } from "node:path";
import { errorCode, errorMessage, ToolkitError } from "../../errors.ts";
import type { DataSource, Entry } from "../entry.ts";
import type { BadFile } from "../sample.ts";
import { readRow, type Row } from "./manifest-row.ts";
import { readTable } from "./manifest-table.ts";
import type { FetchFile, SourceOptions } from "./source-options.ts";
import { targetColumns } from "./target-columns.ts";

/** Files that are looked for, or downloaded, at the same time. */
const AT_ONCE = 8;
/** Errors of a download that lose one photo and no more. */
const LOST = new Set(["E_DOWNLOAD", "E_DOWNLOAD_CHECKSUM", "E_OFFLINE"]);

/**
 * Reads a table of photos: CSV (separated by "," or ";"), TSV, or a JSON object on each line. Columns: file (a path from the table's folder on, or an https
 * address beside a column sha256), labels (separated by "|", or a list; may be empty), and if they are there split (train, validation or test), weight, group;
 * those that `numbers` or `targets` name are to be learnt (see `SourceOptions`). Other columns are passed over; a photo that is not there is a bad file.
 * @throws E_DATA_MANIFEST, naming the line; E_DATA_EMPTY where it has no photos
 */
export async function readManifest(path: string, options: SourceOptions = {}): Promise<DataSource> {
  const { fetchFile } = options;
  const table = readTable(path, await readFile(path, "utf8"));
  const columns = targetColumns(path, table, options);
  const [labelColumn, ...others] = columns.labels;
  // labels alone are what they are, whatever they are called
  const isNamed = options.targets !== undefined || columns.numbers.length > 0;
  const rows = table.rows.map((cells) => readRow(path, cells, columns));
  const isMultiLabel = options.isMultiLabel ?? rows.some(({ labels }) => labels.length > 1);
  if (labelColumn !== undefined && !isMultiLabel) expectOneLabel(path, rows, ({ labels }) => labels);
  const more = others.map((name, i) => ({ name, isMultiLabel: rows.some((row) => (row.more?.[i]?.length ?? 0) > 1) }));
  for (const [i, column] of more.entries()) {
    if (!column.isMultiLabel) expectOneLabel(path, rows, (row) => row.more?.[i] ?? [], ` in "${column.name}"`);
  }
  expectOnce(path, rows);
  const located = await inSlices(rows, AT_ONCE, (row) => locate(path, row, fetchFile));
  const entries = located.filter((found): found is Entry => "id" in found);
  const bad = located.filter((found): found is BadFile => "code" in found);
  if (entries.length === 0) throw emptyError(path, bad);
  return {
    entries,
    isMultiLabel,
    ...(columns.numbers.length > 0 ? { columns: columns.numbers } : {}),
    ...(labelColumn !== undefined && isNamed ? { labelColumn } : {}),
    ...(more.length > 0 ? { more } : {}),
    bad,
  };
}

/** The entry of a row, whose photo must be there. */
async function locate(manifest: string, row: Row, fetchFile: FetchFile | undefined): Promise<Entry | BadFile> {
  const { file, sha256, line, ...about } = row;
  if (/^[a-z]+:\/\//i.test(file)) {
    if (!fetchFile) throw refusal(manifest, line, `"${file}" cannot be downloaded from here`);
    if (!file.startsWith("https://")) throw refusal(manifest, line, `"${file}" is no https address`);
    if (sha256 === undefined) throw refusal(manifest, line, `"${file}" has no sha256 beside it`);
    try {
      return { id: file, path: file, picture: await fetchFile(file, sha256), ...about };
    } catch (error) {
      const code = errorCode(error);
      if (code === undefined || !LOST.has(code)) throw error;
      return { path: file, code, message: errorMessage(error) };
    }
  }
  const path = resolve(dirname(manifest), file);
  const status = await stat(path).catch(() => undefined);
  if (status?.isFile()) return { id: idOf(file), path, ...about };
  const why = status ? "expected a file" : "there is no such file";
  return { path, code: "E_IMAGE_READ", message: `Cannot read "${path}", on line ${line} of "${manifest}": ${why}` };
}

function expectOneLabel(
  path: string,
  rows: readonly Row[],
  labelsOf: (row: Row) => readonly string[],
  where = "",
): void {
  const wrong = rows.find((row) => labelsOf(row).length !== 1);
  if (!wrong) return;
  throw new ToolkitError(
    "E_DATA_MANIFEST",
    `Cannot use line ${wrong.line} of "${path}": expected one label${where}, got ${labelsOf(wrong).length}`,
    { hint: "photos may have several labels, or none, where that is said: isMultiLabel" },
  );
}

function idOf(file: string): string {
  return posix.normalize(file.replaceAll("\\", "/"));
}

function expectOnce(path: string, rows: readonly Row[]): void {
  const lines = new Map<string, number>();
  for (const { file, line } of rows) {
    const id = idOf(file);
    const before = lines.get(id);
    if (before !== undefined) {
      throw new ToolkitError(
        "E_DATA_MANIFEST",
        `Cannot use line ${line} of "${path}": "${file}" stands on line ${before} too`,
        {
          hint: 'write all labels of a photo on one line, separated by "|"',
        },
      );
    }
    lines.set(id, line);
  }
}

async function inSlices<T, U>(items: readonly T[], size: number, work: (item: T) => Promise<U>): Promise<readonly U[]> {
  const done: U[] = [];
  for (let i = 0; i < items.length; i += size) done.push(...(await Promise.all(items.slice(i, i + size).map(work))));
  return done;
}

function refusal(path: string, line: number, reason: string): ToolkitError {
  return new ToolkitError("E_DATA_MANIFEST", `Cannot use line ${line} of "${path}": ${reason}`, {
    hint: "expected a path, or an https address with its sha256 where downloads are possible",
  });
}

function emptyError(path: string, bad: readonly BadFile[]): ToolkitError {
  const [first] = bad;
  return new ToolkitError("E_DATA_EMPTY", `Cannot use "${path}": there is no photo in it`, {
    hint: first
      ? `${bad.length} left out; the first: ${first.message}`
      : "expected a line for each photo below a line of column names",
  });
}
