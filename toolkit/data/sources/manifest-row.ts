import { ToolkitError } from "../../errors.ts";
import type { Entry, Part } from "../entry.ts";
import type { Cells } from "./manifest-table.ts";
import type { TargetColumns } from "./target-columns.ts";

/** What a row says of a photo. */
export interface Row extends Pick<Entry, "labels" | "more" | "numbers" | "part" | "weight" | "group"> {
  readonly line: number;
  readonly file: string;
  readonly sha256?: string;
}

const PARTS: ReadonlyMap<string, Part> = new Map([
  ["train", "train"],
  ["training", "train"],
  ["val", "validation"],
  ["valid", "validation"],
  ["validation", "validation"],
  ["test", "test"],
]);

/** A number that is not there is NaN. @throws E_DATA_MANIFEST where something in it cannot be used */
export function readRow(path: string, cells: Cells, { labels: columns, numbers }: TargetColumns): Row {
  const { line, values } = cells;
  const fail = (column: string, expected: string): never => {
    const value = values.get(column);
    const found = value === undefined ? "nothing" : typeof value === "string" ? `"${value}"` : JSON.stringify(value);
    throw new ToolkitError(
      "E_DATA_MANIFEST",
      `Cannot use line ${line} of "${path}": expected ${expected} as "${column}", got ${found}`,
    );
  };
  const text = (column: string): string | undefined => {
    const value = values.get(column) ?? "";
    if (value === "") return undefined;
    if (typeof value === "number") return String(value);
    return typeof value === "string" ? value : fail(column, "text");
  };
  const number = (column: string): number | undefined => {
    const written = text(column);
    if (written === undefined) return undefined;
    const value = Number(written);
    return Number.isFinite(value) ? value : fail(column, "a number");
  };
  const labels = columns.map((column) => labelsIn(values.get(column)) ?? fail(column, 'labels separated by "|"'));
  const [first = [], ...more] = labels;
  const file = text("file") ?? fail("file", "a path");
  const split = text("split");
  const part =
    split === undefined ? undefined : (PARTS.get(split.toLowerCase()) ?? fail("split", "train, validation or test"));
  const weight = number("weight");
  if (weight !== undefined && weight < 0) fail("weight", "a number from 0 on");
  const sha256 = text("sha256")?.toLowerCase();
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/.test(sha256)) fail("sha256", "64 hexadecimal digits");
  const group = text("group");
  return {
    line,
    file,
    labels: first,
    ...(more.length > 0 ? { more } : {}),
    ...(numbers.length > 0 ? { numbers: numbers.map((column) => number(column) ?? Number.NaN) } : {}),
    ...(part === undefined ? {} : { part }),
    ...(weight === undefined ? {} : { weight }),
    ...(group === undefined ? {} : { group }),
    ...(sha256 === undefined ? {} : { sha256 }),
  };
}

/** Each label once; undefined where the value holds anything else. */
function labelsIn(value: unknown): readonly string[] | undefined {
  const whole = plain(value);
  const items = Array.isArray(value) ? value.map(plain) : whole === undefined ? [undefined] : whole.split("|");
  if (items.includes(undefined)) return undefined;
  const names = items.map((item) => (item ?? "").trim().normalize("NFC"));
  return [...new Set(names.filter((name) => name !== ""))];
}

function plain(value: unknown): string | undefined {
  if (value === undefined || value === null) return "";
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}
