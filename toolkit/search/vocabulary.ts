import { ToolkitError } from "../errors.ts";
import { nearestNames } from "../nearest-names.ts";
import type { Condition } from "./plan.ts";
import type { Query, TermQuery } from "./query.ts";
import type { LabelRow, Store } from "./store.ts";

/** The labels of an index as queries see them: without case, and with `_` and any run of white space as one space. */
export interface Vocabulary {
  /** Every label of the store by id; others may have added some since the last call. */
  refresh(): Promise<readonly LabelRow[]>;
  /**
   * The query over label ids; a term without a bound asks for `minPpm`.
   *
   * @throws E_QUERY_LABEL when a term matches no label
   */
  resolve(query: Query, minPpm: number): Condition;
}

export function vocabulary(store: Store): Vocabulary {
  const rows: LabelRow[] = [];
  const byName = new Map<string, number[]>();

  function labelIds(term: TermQuery): readonly number[] {
    const wanted = foldLabel(term.text);
    if (!term.wildcard) return byName.get(wanted) ?? [];
    return [...byName]
      .filter(([name]) => matchesPattern(wanted, name))
      .flatMap(([, ids]) => ids)
      .sort((a, b) => a - b);
  }

  function resolve(query: Query, minPpm: number): Condition {
    if (query.kind === "not") return { kind: "not", of: resolve(query.of, minPpm) };
    if (query.kind !== "term") return { kind: query.kind, of: query.of.map((part) => resolve(part, minPpm)) };
    const found = labelIds(query);
    if (found.length === 0) throw unknownLabel(query, rows);
    return { kind: "label", labelIds: found, minPpm: query.minPpm ?? minPpm, boost: query.boost };
  }

  async function refresh(): Promise<readonly LabelRow[]> {
    for (const row of await store.labels(rows.at(-1)?.labelId ?? 0)) {
      // two searches may refresh at the same time
      if (row.labelId <= (rows.at(-1)?.labelId ?? 0)) continue;
      rows.push(row);
      const name = foldLabel(row.name);
      byName.set(name, [...(byName.get(name) ?? []), row.labelId]);
    }
    return rows;
  }

  return { refresh, resolve };
}

/** The form in which labels are compared. */
export function foldLabel(name: string): string {
  return name
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\s_]+/g, " ")
    .trim();
}

/** Whether `*` in the pattern can stand for text that makes it the name. Looks at each part once: no pattern is slow. */
export function matchesPattern(pattern: string, name: string): boolean {
  const parts = pattern.split("*");
  const first = parts[0] ?? "";
  const last = parts.at(-1) ?? "";
  if (!name.startsWith(first) || name.length < first.length + last.length || !name.endsWith(last)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at + last.length <= name.length;
}

function unknownLabel(term: TermQuery, rows: readonly LabelRow[]): ToolkitError {
  const text = JSON.stringify(term.text.length > 60 ? `${term.text.slice(0, 57)}...` : term.text);
  const what = term.wildcard ? `no label matches ${text}` : `no label is called ${text}`;
  const near = nearestNames(
    term.text,
    rows.map((row) => row.name),
    foldLabel,
  );
  const operator = /^(and|or|not)$/.test(term.text)
    ? `; write ${term.text.toUpperCase()} in capitals if you mean the operator`
    : "";
  const hint =
    rows.length === 0
      ? "the index is empty: add photos first"
      : near.length > 0
        ? `did you mean ${near.map((name) => JSON.stringify(name)).join(" or ")}?`
        : "list the labels of the index: onnx-graft search --labels";
  return new ToolkitError("E_QUERY_LABEL", `Cannot search: ${what} (column ${term.column})`, { hint: hint + operator });
}
