import { ToolkitError, errorMessage } from "../errors.ts";
import { parse } from "./query-grammar.js";

/** What a query says, before anybody knows which labels exist. */
export type Query =
  | TermQuery
  | { readonly kind: "and" | "or"; readonly of: readonly Query[] }
  | { readonly kind: "not"; readonly of: Query };

/** One label, or with `wildcard` a pattern in which `*` stands for any text. */
export interface TermQuery {
  readonly kind: "term";
  readonly text: string;
  readonly wildcard: boolean;
  /** Column of the term, from 1. */
  readonly column: number;
  /** The least weight in parts per million that counts as having the label; null: whatever the search says. */
  readonly minPpm: number | null;
  /** How much the term counts, in thousandths; 1,000 unless boosted. */
  readonly boost: number;
}

export const MAX_QUERY_LENGTH = 4096;
export const MAX_QUERY_NESTING = 32;
export const MAX_QUERY_TERMS = 64;
const MAX_BOOST = 100;

/**
 * Reads a query: labels as words or "quoted phrases", side by side or with AND (all of them), OR, NOT (also `-` and `!`), parentheses,
 * weights (`cat>0.8`, `cat>=0.8`, `cat<0.3`, `cat<=0.3`; `cat:0.8` is `cat>0.8`), boosts (`cat^2`) and wildcards (`cat*`).
 * NOT binds tighter than AND, and AND tighter than OR. A photo without a label has weight 0 for it.
 *
 * @throws E_QUERY with the column and what was expected there, or where the query is too long, too deep or has too many terms
 */
export function parseQuery(text: string): Query {
  checkSize(text);
  let syntax: Syntax;
  try {
    syntax = parse(text) as Syntax;
  } catch (error) {
    throw syntaxError(text, error);
  }
  const query = build(text, syntax);
  const terms = countTerms(query);
  if (terms > MAX_QUERY_TERMS) {
    throw queryError(text, `it has ${terms} labels, expected at most ${MAX_QUERY_TERMS}`);
  }
  return query;
}

/** The query as shown in errors: one line, shortened. */
function quoteQuery(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 57)}...` : text);
}

/** What the grammar makes of a query. */
type Syntax =
  | TermSyntax
  | { readonly kind: "and" | "or"; readonly of: readonly Syntax[] }
  | { readonly kind: "not"; readonly of: Syntax };

interface TermSyntax {
  readonly kind: "term";
  readonly text: string;
  readonly wildcard: boolean;
  /** Offsets into the query, from 0. */
  readonly at: number;
  readonly bound: { readonly at: number; readonly operator: ">" | ">=" | "<" | "<="; readonly value: number } | null;
  readonly boost: { readonly at: number; readonly value: number } | null;
}

function build(text: string, syntax: Syntax): Query {
  if (syntax.kind === "term") return buildTerm(text, syntax);
  if (syntax.kind === "not") return { kind: "not", of: build(text, syntax.of) };
  return { kind: syntax.kind, of: syntax.of.map((part) => build(text, part)) };
}

/** An upper bound is a negation: `cat<0.3` is `NOT cat>=0.3`, so a photo without the label meets it. */
function buildTerm(text: string, { bound, boost, ...term }: TermSyntax): Query {
  if (term.text.trim() === "") throw queryError(text, `the label at column ${term.at + 1} is empty`);
  const factor = boost?.value ?? 1;
  if (boost && (factor <= 0 || factor > MAX_BOOST || Math.round(factor * 1000) === 0)) {
    throw queryError(
      text,
      `expected a boost above 0 and up to ${MAX_BOOST} at column ${boost.at + 1}, found ${factor}`,
    );
  }
  const query = { kind: "term", text: term.text, wildcard: term.wildcard, column: term.at + 1 } as const;
  const thousandths = Math.round(factor * 1000);
  if (!bound) return { ...query, minPpm: null, boost: thousandths };
  if (bound.value > 1) {
    const hint = `weights go from 0 to 1: write ${bound.value / 100} for ${bound.value} %`;
    throw queryError(text, `expected a weight between 0 and 1 at column ${bound.at + 1}, found ${bound.value}`, hint);
  }
  const strict = bound.operator === ">" || bound.operator === "<=";
  const minPpm = Math.round(bound.value * 1e6) + (strict ? 1 : 0);
  if (minPpm === 0) {
    const meaning = bound.operator === ">=" ? "every photo" : "no photo";
    throw queryError(text, `"${bound.operator}0" at column ${bound.at + 1} is true of ${meaning}`);
  }
  const found: Query = { ...query, minPpm, boost: thousandths };
  return bound.operator.startsWith("<") ? { kind: "not", of: found } : found;
}

function countTerms(query: Query): number {
  if (query.kind === "term") return 1;
  if (query.kind === "not") return countTerms(query.of);
  return query.of.reduce((sum, part) => sum + countTerms(part), 0);
}

/** Both limits keep the recursive parser's stack small: 100,000 parentheses would overflow it. */
function checkSize(text: string): void {
  if (text.trim() === "") throw new ToolkitError("E_QUERY", "Cannot search: the query is empty", { hint: SYNTAX });
  if (text.length > MAX_QUERY_LENGTH) {
    throw queryError(text, `it has ${text.length} characters, expected at most ${MAX_QUERY_LENGTH}`);
  }
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i] ?? "";
    if (quoted && c === "\\") i++;
    else if (/["“”]/.test(c)) quoted = !quoted;
    else if (!quoted && c === "(") depth++;
    else if (!quoted && c === ")") depth--;
    if (depth > MAX_QUERY_NESTING) {
      throw queryError(text, `parentheses at column ${i + 1} are nested more than ${MAX_QUERY_NESTING} deep`);
    }
  }
}

const SYNTAX = `labels side by side must all be there: 'cat "golden retriever" -dog', 'cat>0.8 OR (dog bird)', 'cat^2 OR retriev*'`;

interface PeggyError extends Error {
  readonly expected: readonly { readonly type: string; readonly text?: string; readonly description?: string }[] | null;
  readonly found: string | null;
  readonly location: { readonly start: { readonly offset: number } };
}

function syntaxError(text: string, error: unknown): ToolkitError {
  if (!(error instanceof Error && "expected" in error && "location" in error))
    return queryError(text, errorMessage(error));
  const { expected, found, location } = error as PeggyError;
  const wanted = (expected ?? [])
    .map((e) => e.description ?? (e.type === "end" ? "the end" : e.type === "literal" ? JSON.stringify(e.text) : ""))
    .filter((name) => name !== "" && name !== "a space");
  const list = [...new Set(wanted)].sort().join(", ");
  const what = found === null ? "the end" : JSON.stringify(found);
  return queryError(text, `expected ${list || "something else"} at column ${location.start.offset + 1}, found ${what}`);
}

function queryError(text: string, problem: string, hint: string = SYNTAX): ToolkitError {
  return new ToolkitError("E_QUERY", `Cannot read query ${quoteQuery(text)}: ${problem}`, { hint });
}
