import { epochOrder } from "../../toolkit/data/augment.ts";
import {
  averagePrecision,
  meanAveragePrecision,
  meanReciprocalRank,
  precisionAt,
  reciprocalRank,
} from "../../toolkit/node.ts";
import type { JudgedSearch, LabelIndex, SearchOptions } from "../../toolkit/node.ts";

/** A query, and the photos that it should find, by their paths. */
export interface Question {
  readonly kind: string;
  readonly query: string;
  readonly relevant: ReadonlySet<string>;
}

/** How well one query was answered. */
export interface Answered {
  readonly kind: string;
  readonly query: string;
  readonly relevant: number;
  readonly averagePrecision: number;
  readonly precisionAt5: number;
  readonly precisionAt10: number;
  readonly reciprocalRank: number;
}

/** Means over the queries of a kind. */
export interface Scores {
  readonly kind: string;
  readonly queries: number;
  readonly meanAveragePrecision: number;
  readonly precisionAt5: number;
  readonly precisionAt10: number;
  readonly meanReciprocalRank: number;
}

export interface Judged {
  readonly scores: readonly Scores[];
  readonly queries: readonly Answered[];
}

/** Asks an index everything, and compares what it returns, all of it, with the truth. */
export async function judgeIndex(
  index: LabelIndex,
  questions: readonly Question[],
  options: SearchOptions = {},
): Promise<Judged> {
  const { files } = await index.stats();
  const searches: JudgedSearch<string>[] = [];
  for (const { query, relevant } of questions) {
    const hits = await index.search(query, { ...options, limit: Math.max(1, files) });
    searches.push({ ranked: hits.flatMap(({ paths }) => paths), relevant });
  }
  return judge(questions, searches);
}

/** What a shuffled list of all photos scores: what any ranking must beat. */
export function judgeChance(questions: readonly Question[], photos: readonly string[], seed = 0): Judged {
  const shuffled = (turn: number): readonly string[] =>
    Array.from(epochOrder(photos.length, seed, turn), (i) => photos[i] ?? "");
  return judge(
    questions,
    questions.map(({ relevant }, turn) => ({ ranked: shuffled(turn), relevant })),
  );
}

function judge(questions: readonly Question[], searches: readonly JudgedSearch<string>[]): Judged {
  const queries = questions.map(({ kind, query, relevant }, i): Answered => {
    const search = searches[i] ?? { ranked: [], relevant };
    return {
      kind,
      query,
      relevant: relevant.size,
      averagePrecision: averagePrecision(search),
      precisionAt5: precisionAt(search, 5),
      precisionAt10: precisionAt(search, 10),
      reciprocalRank: reciprocalRank(search),
    };
  });
  const kinds = [...new Set(questions.map(({ kind }) => kind))];
  const scores = kinds.map((kind): Scores => {
    const own = searches.filter((_, i) => questions[i]?.kind === kind);
    const mean = (k: number): number => own.reduce((sum, search) => sum + precisionAt(search, k), 0) / own.length;
    return {
      kind,
      queries: own.length,
      meanAveragePrecision: meanAveragePrecision(own),
      precisionAt5: mean(5),
      precisionAt10: mean(10),
      meanReciprocalRank: meanReciprocalRank(own),
    };
  });
  return { scores, queries };
}
