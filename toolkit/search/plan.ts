import type { Score } from "./score.ts";

/** A query over label ids: what a store answers. */
export interface Plan {
  readonly where: Condition;
  /** Conditions of which every match meets at least one, so that a store need look no further; null: look at every photo. */
  readonly cover: readonly LabelCondition[] | null;
  /** Null where nothing speaks for one photo more than for another: then score 0, by image id. */
  readonly score: Score | null;
  readonly limit: number;
  readonly offset: number;
}

export type Condition =
  | LabelCondition
  | { readonly kind: "and" | "or"; readonly of: readonly Condition[] }
  | { readonly kind: "not"; readonly of: Condition };

/**
 * True of a photo whose heaviest label among `labelIds` has at least `minPpm` (1 or more). Several labels stand here where a
 * wildcard matches several, or two names differ only in case: they act as one.
 */
export interface LabelCondition {
  readonly kind: "label";
  readonly labelIds: readonly number[];
  readonly minPpm: number;
  /** Thousandths. */
  readonly boost: number;
}

/** Every label condition, in the order of the query. */
export function labelConditions(condition: Condition): readonly LabelCondition[] {
  if (condition.kind === "label") return [condition];
  return condition.kind === "not" ? labelConditions(condition.of) : condition.of.flatMap(labelConditions);
}

/** The label conditions that speak for a photo: those under no negation. */
export function evidence(condition: Condition): readonly LabelCondition[] {
  if (condition.kind === "label") return [condition];
  return condition.kind === "not" ? [] : condition.of.flatMap(evidence);
}

/** The cheapest cover of a condition: of an AND the rarest part, of an OR all parts, of a negation none. */
export function chooseCover(condition: Condition, photosOf: (label: LabelCondition) => number): Plan["cover"] {
  const cost = (cover: readonly LabelCondition[]): number => cover.reduce((sum, label) => sum + photosOf(label), 0);
  if (condition.kind === "label") return [condition];
  if (condition.kind === "not") return null;
  const covers = condition.of.map((part) => chooseCover(part, photosOf));
  if (condition.kind === "or")
    return covers.some((cover) => cover === null) ? null : covers.flatMap((cover) => cover ?? []);
  let best: Plan["cover"] = null;
  for (const cover of covers) if (cover && (!best || cost(cover) < cost(best))) best = cover;
  return best;
}
