import { CsvError, parse } from "csv-parse/sync";
import { errorMessage, ToolkitError } from "../../errors.ts";
import { nearestNames } from "../../nearest-names.ts";
import { quotedList } from "../quoted-list.ts";

/** What stands in one row, by column. */
export interface Cells {
  /** Counted from 1. */
  readonly line: number;
  readonly values: ReadonlyMap<string, unknown>;
}

export interface Table {
  readonly rows: readonly Cells[];
  /** The names of its columns. */
  readonly columns: readonly string[];
}

/** What a column of labels is called where nobody says which it is, in the order in which they are looked for. */
export const LABELS: readonly string[] = ["labels", "label"];
const KNOWN = new Set(["file", ...LABELS, "split", "weight", "group", "sha256"]);

/**
 * The rows of a CSV, TSV or JSON-lines text.
 * @throws E_DATA_MANIFEST where the column "file" is missing or a line is broken
 */
export function readTable(path: string, text: string): Table {
  const isJson = text.trimStart().startsWith("{");
  const rows = isJson ? jsonRows(path, text) : separatedRows(path, text);
  const [first] = rows;
  // what a line of JSON leaves out, another may have
  const columns = isJson
    ? [...new Set(rows.flatMap(({ values }) => [...values.keys()]))]
    : [...(first?.values.keys() ?? [])];
  if (first !== undefined) expectColumns(path, columns, ["file"]);
  return { rows, columns };
}

/** Whether a line names columns, one of which is "file". */
export function isHeader(line: string): boolean {
  const names = line.replace(/^\u{FEFF}/u, "").split(separatorOf(line));
  return names.map((name) => name.trim().replaceAll('"', "").toLowerCase()).includes("file");
}

/** What stands most often in the line of names. */
function separatorOf(line: string): string {
  const counted = ["\t", ",", ";"].map((sign) => ({ sign, count: line.split(sign).length }));
  return counted.toSorted((a, b) => b.count - a.count)[0]?.sign ?? ",";
}

/** The names that mean something here may be in upper case. */
export function columnName(written: string): string {
  const lower = written.trim().toLowerCase();
  return KNOWN.has(lower) ? lower : written.trim();
}

function separatedRows(path: string, text: string): readonly Cells[] {
  const header = text.slice(0, Math.max(0, text.search(/\r?\n|$/)));
  try {
    const found = parse(text, {
      bom: true,
      columns: (names) => names.map(columnName),
      delimiter: separatorOf(header),
      info: true,
      skip_empty_lines: true,
      trim: true,
    }) as unknown as readonly {
      readonly record: Readonly<Record<string, string>>;
      readonly info: { readonly lines: number };
    }[];
    return found.map(({ record, info }) => ({ line: info.lines, values: new Map(Object.entries(record)) }));
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = typeof error["lines"] === "number" ? ` at line ${error["lines"]}` : "";
    throw new ToolkitError("E_DATA_MANIFEST", `Cannot read "${path}"${line}: ${errorMessage(error)}`, {
      cause: error,
      hint: "put what contains the separator, a quote or a line break into double quotes",
    });
  }
}

function jsonRows(path: string, text: string): readonly Cells[] {
  return text.split("\n").flatMap((line, i) => {
    if (line.trim() === "") return [];
    try {
      const value: unknown = JSON.parse(i === 0 ? line.replace(/^\u{FEFF}/u, "") : line);
      if (typeof value !== "object" || value === null || Array.isArray(value))
        throw new TypeError("expected an object");
      return [{ line: i + 1, values: new Map(Object.entries(value)) }];
    } catch (error) {
      throw new ToolkitError("E_DATA_MANIFEST", `Cannot read line ${i + 1} of "${path}": ${errorMessage(error)}`, {
        cause: error,
        hint: 'expected one JSON object on each line: {"file": "a.jpg", "labels": ["cat"]}',
      });
    }
  });
}

/** @throws E_DATA_MANIFEST naming the first that is missing */
export function expectColumns(path: string, columns: readonly string[], wanted: readonly string[]): void {
  const missing = wanted.find((name) => !columns.includes(name));
  if (missing === undefined) return;
  const [nearest] = nearestNames(missing, columns);
  throw new ToolkitError(
    "E_DATA_MANIFEST",
    `Cannot read "${path}": it has no column "${missing}", only ${quotedList(columns)}`,
    {
      hint: nearest === undefined ? 'expected the columns "file" and "labels"' : `did you mean "${nearest}"?`,
    },
  );
}
