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
  return topSql(plan) ?? generalSql(plan);
}

/** One label ranked by weight is a range of the index image_label_top, in its order: it reads no more rows than it returns. */
function topSql({ where, score, limit, offset }: Plan): Sql | undefined {
  const [labelId, ...others] = where.kind === "label" ? where.labelIds : [];
  if (where.kind !== "label" || labelId === undefined || others.length > 0 || score?.kind !== "label") return undefined;
  return sql(
    "SELECT image_id, weight_ppm * ? AS score FROM image_label WHERE label_id = ? AND weight_ppm >= ? " +
      "ORDER BY weight_ppm DESC, image_id LIMIT ? OFFSET ?",
    [score.factor, labelId, where.minPpm, limit, offset],
  );
}

/** Walks the photos of the cover and looks up the other labels of each by primary key. */
function generalSql({ where, cover, score, limit, offset }: Plan): Sql {
  const from = cover ? joined(cover.map(coverSql), " UNION ", "()") : sql("image");
  return joined([
    sql("SELECT c.image_id AS image_id, "),
    score ? scoreSql(score) : sql("0"),
    sql(" AS score FROM "),
    from,
    sql(" AS c WHERE "),
    conditionSql(where),
    sql(score ? " ORDER BY score DESC, c.image_id LIMIT ? OFFSET ?" : " ORDER BY c.image_id LIMIT ? OFFSET ?", [
      limit,
      offset,
    ]),
  ]);
}

function coverSql({ labelIds, minPpm }: LabelCondition): Sql {
  const { text, values } = labelIn("label_id", labelIds);
  const distinct = labelIds.length > 1 ? "DISTINCT " : "";
  return sql(`SELECT ${distinct}image_id FROM image_label WHERE ${text} AND weight_ppm >= ?`, [...values, minPpm]);
}

function conditionSql(condition: Condition): Sql {
  if (condition.kind === "label") return joined([weightSql(condition), sql(" > 0")]);
  if (condition.kind === "not") return joined([sql("NOT ("), conditionSql(condition.of), sql(")")]);
  return joined(condition.of.map(conditionSql), condition.kind === "and" ? " AND " : " OR ", "()");
}

function scoreSql(score: Score): Sql {
  if (score.kind === "label") return termSql(score);
  if (score.kind === "where") {
    const [where, then] = [conditionSql(score.where), scoreSql(score.score)];
    return joined([sql("CASE WHEN "), where, sql(" THEN "), then, sql(" ELSE 0 END")]);
  }
  if (score.kind === "cosine") {
    const norm = sql(" AS REAL) / (SELECT max(1, n.norm_ppm) FROM image AS n WHERE n.image_id = c.image_id)");
    return joined([sql("CAST("), joined(score.of.map(termSql), " + ", "()"), norm]);
  }
  return joined([sql(score.kind), joined(score.of.map(scoreSql), ", ", "()")]);
}

function termSql({ label, factor }: { readonly label: LabelCondition; readonly factor: number }): Sql {
  return joined([weightSql(label), sql(" * ?", [factor])]);
}

/** A photo's weight for a label where it reaches the condition's minimum, else 0. */
function weightSql({ labelIds, minPpm }: LabelCondition): Sql {
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
