import type { Condition, LabelCondition, Plan } from "../plan.ts";
import type { Score } from "../score.ts";
import type { SqlValue } from "./sqlite-driver.ts";

/** A piece of SQL with a value for every `?` in it, in order. */
export interface Sql {
  readonly text: string;
  readonly values: readonly SqlValue[];
}

/** The SELECT of a plan: columns image_id and score, best first. */
export function planSql(plan: Plan): Sql {
  const { where, cover, score, limit, offset } = plan;
  if (where.kind === "label" && score?.kind === "label") return topSql(plan, where, score.factor);
  const lead = cover?.length === 1 ? cover[0] : undefined;
  const rest = remaining(where, cover ?? []);
  return joined([
    sql("SELECT c.image_id AS image_id, "),
    score ? scoreSql(score, lead) : sql("0"),
    sql(" AS score FROM "),
    lead ? postingsSql(lead) : cover ? joined(cover.map(coverSql), " UNION ", "()") : sql("image"),
    sql(" AS c"),
    ...(rest.length === 0
      ? []
      : [
          sql(" WHERE "),
          joined(
            rest.map((part) => conditionSql(part, lead)),
            " AND ",
          ),
        ]),
    sql(score ? " ORDER BY score DESC, c.image_id LIMIT ? OFFSET ?" : " ORDER BY c.image_id LIMIT ? OFFSET ?", [
      limit,
      offset,
    ]),
  ]);
}

/** One label ranked by weight is a range of the index image_label_top, in its order: it reads no more rows than it returns. */
function topSql({ limit, offset }: Plan, label: LabelCondition, factor: number): Sql {
  return joined([
    sql("SELECT c.image_id AS image_id, c.weight_ppm * ? AS score FROM ", [factor]),
    postingsSql(label),
    sql(" AS c ORDER BY c.weight_ppm DESC, c.image_id LIMIT ? OFFSET ?", [limit, offset]),
  ]);
}

/** Each photo with the label, once, with its weight. */
function postingsSql({ labelIds, minPpm }: LabelCondition): Sql {
  const { text, values } = labelIn("label_id", labelIds);
  const weight = labelIds.length > 1 ? "max(weight_ppm) AS weight_ppm" : "weight_ppm";
  const group = labelIds.length > 1 ? " GROUP BY image_id" : "";
  return sql(`(SELECT image_id, ${weight} FROM image_label WHERE ${text} AND weight_ppm >= ?${group})`, [
    ...values,
    minPpm,
  ]);
}

function coverSql({ labelIds, minPpm }: LabelCondition): Sql {
  const { text, values } = labelIn("label_id", labelIds);
  return sql(`SELECT image_id FROM image_label WHERE ${text} AND weight_ppm >= ?`, [...values, minPpm]);
}

/** The parts of a condition, joined by AND, that are not already true of every photo of the cover. */
function remaining(where: Condition, cover: readonly LabelCondition[]): readonly Condition[] {
  const among = (part: Condition): boolean => part.kind === "label" && cover.includes(part);
  if (cover.length === 1 && among(where)) return [];
  if (where.kind === "or" && where.of.length === cover.length && where.of.every(among)) return [];
  return where.kind === "and" ? where.of.flatMap((part) => remaining(part, cover)) : [where];
}

/** `lead` is the label whose postings are walked: its weight stands in the row. The others' are looked up by primary key. */
function conditionSql(condition: Condition, lead: LabelCondition | undefined): Sql {
  if (condition.kind === "label") return joined([weightSql(condition, lead), sql(" > 0")]);
  if (condition.kind === "not") return joined([sql("NOT ("), conditionSql(condition.of, lead), sql(")")]);
  const parts = condition.of.map((part) => conditionSql(part, lead));
  return joined(parts, condition.kind === "and" ? " AND " : " OR ", "()");
}

function scoreSql(score: Score, lead: LabelCondition | undefined): Sql {
  if (score.kind === "label") return termSql(score, lead);
  if (score.kind === "where") {
    const [where, then] = [conditionSql(score.where, lead), scoreSql(score.score, lead)];
    return joined([sql("CASE WHEN "), where, sql(" THEN "), then, sql(" ELSE 0 END")]);
  }
  if (score.kind === "cosine") {
    const terms = score.of.map((term) => termSql(term, lead));
    const norm = sql(" AS REAL) / (SELECT max(1, n.norm_ppm) FROM image AS n WHERE n.image_id = c.image_id)");
    return joined([sql("CAST("), joined(terms, " + ", "()"), norm]);
  }
  return joined([
    sql(score.kind),
    joined(
      score.of.map((part) => scoreSql(part, lead)),
      ", ",
      "()",
    ),
  ]);
}

function termSql(
  { label, factor }: { readonly label: LabelCondition; readonly factor: number },
  lead: LabelCondition | undefined,
): Sql {
  return joined([weightSql(label, lead), sql(" * ?", [factor])]);
}

/** A photo's weight for a label where it reaches the condition's minimum, else 0. */
function weightSql(label: LabelCondition, lead: LabelCondition | undefined): Sql {
  if (label === lead) return sql("c.weight_ppm");
  const { labelIds, minPpm } = label;
  // "+" keeps SQLite from looking up every label of a long list: a photo has fewer labels than that
  const { text, values } = labelIn(labelIds.length > 1 ? "+x.label_id" : "x.label_id", labelIds);
  const weight = labelIds.length > 1 ? "max(x.weight_ppm)" : "x.weight_ppm";
  return sql(
    `coalesce((SELECT ${weight} FROM image_label AS x WHERE x.image_id = c.image_id AND ${text} AND x.weight_ppm >= ?), 0)`,
    [...values, minPpm],
  );
}

function labelIn(column: string, labelIds: readonly number[]): Sql {
  const [first] = labelIds;
  if (labelIds.length === 1 && first !== undefined) return sql(`${column} = ?`, [first]);
  return sql(`${column} IN (SELECT value FROM json_each(?))`, [JSON.stringify(labelIds)]);
}

function sql(text: string, values: readonly SqlValue[] = []): Sql {
  return { text, values };
}

function joined(parts: readonly Sql[], separator = "", brackets = ""): Sql {
  const text = parts.map((part) => part.text).join(separator);
  return sql(
    `${brackets.slice(0, 1)}${text}${brackets.slice(1)}`,
    parts.flatMap((part) => part.values),
  );
}
