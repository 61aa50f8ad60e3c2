import { ToolkitError } from "../../errors.ts";
import { quotedList } from "../quoted-list.ts";
import { columnName, expectColumns, LABELS } from "./manifest-table.ts";
import type { Table } from "./manifest-table.ts";
import type { SourceOptions } from "./source-options.ts";

/** The columns of a table that are to be learnt. */
export interface TargetColumns {
  readonly labels: readonly string[];
  readonly numbers: readonly string[];
}

/** Columns that say something else of a photo. */
const ABOUT = new Set(["file", "split", "weight", "group", "sha256"]);

/**
 * Which columns of a table are labels and which are numbers to be learnt: see `SourceOptions.targets`.
 * @throws E_DATA_MANIFEST where a column is missing, or is none that can be learnt
 */
export function targetColumns(
  path: string,
  { rows, columns }: Table,
  { targets, numbers = [] }: Pick<SourceOptions, "targets" | "numbers">,
): TargetColumns {
  if (rows.length === 0) return { labels: [], numbers };
  if (targets) return askedFor(path, { rows, columns }, [...targets, ...numbers.map((name) => `${name}:number`)]);
  expectColumns(path, columns, numbers);
  const labels = LABELS.filter((name) => columns.includes(name)).slice(0, 1);
  if (labels.length > 0 || numbers.length > 0) return { labels, numbers };
  const found = columns.filter((name) => !ABOUT.has(name) && shareOfNumbers(rows, name) > 0.5);
  if (found.length === 0) expectColumns(path, columns, ["labels"]);
  return { labels: [], numbers: found };
}

function askedFor(path: string, { rows, columns }: Table, targets: readonly string[]): TargetColumns {
  const labels: string[] = [];
  const numbers: string[] = [];
  if (targets.length === 0) refuse(path, "no column", columns);
  for (const target of targets) {
    const [, written = target, kind] = /^(.*):(label|number)$/.exec(target) ?? [];
    const name = columnName(written);
    expectColumns(path, columns, [name]);
    if (ABOUT.has(name)) refuse(path, `the column "${name}", which says something else here`, columns);
    if (labels.includes(name) || numbers.includes(name)) continue;
    const isNumber =
      kind === undefined ? !LABELS.includes(name) && shareOfNumbers(rows, name) > 0.5 : kind === "number";
    (isNumber ? numbers : labels).push(name);
  }
  return { labels, numbers };
}

/** Of the cells of a column that hold anything. */
function shareOfNumbers(rows: Table["rows"], column: string): number {
  const written = rows.flatMap(({ values }) => {
    const value = values.get(column);
    return value === undefined || value === null || value === "" ? [] : [value];
  });
  const count = written.filter(
    (value) => typeof value === "number" || (typeof value === "string" && Number.isFinite(Number(value))),
  ).length;
  return count / Math.max(1, written.length);
}

function refuse(path: string, what: string, columns: readonly string[]): never {
  const others = columns.filter((name) => !ABOUT.has(name));
  throw new ToolkitError("E_DATA_MANIFEST", `Cannot learn ${what} of "${path}": expected columns to be learnt`, {
    hint: others.length > 0 ? `the others are ${quotedList(others)}` : "it has no other column",
  });
}
