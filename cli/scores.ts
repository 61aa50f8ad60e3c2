import type { Evaluation } from "../toolkit/node.ts";
import type { HeadEvaluation } from "../toolkit/train/evaluate.ts";
import { counted, percent } from "./format.ts";

type Numbers = NonNullable<Evaluation["numbers"]>;

/** The measures of an evaluation as JSON. */
export function scores({ top1, top5Error, loss, count, several, numbers, heads, classes }: Evaluation): object {
  const ofNumbers = numbers ? numbersJson(numbers) : {};
  const ofHeads = heads ? { heads: headsJson(heads) } : {};
  if (classes === 0) return { ...ofNumbers, ...ofHeads, loss, count };
  if (!several) return { top1, top5Error, ...ofNumbers, ...ofHeads, loss, count };
  const { meanAveragePrecision, microF1, macroF1 } = several;
  return { meanAveragePrecision, microF1, macroF1, top1, top5Error, ...ofNumbers, ...ofHeads, loss, count };
}

/** How numbers are predicted, as JSON: in the mean, and each column. */
export function numbersJson({ mae, rmse, r2, columns }: Numbers): object {
  return { mae, rmse, r2, numbers: columns };
}

export function headsJson(heads: readonly HeadEvaluation[]): readonly object[] {
  return heads.map(({ name, task, weight, evaluation }) => ({ name, task, weight, ...scores(evaluation) }));
}

/** What a run with numbers or several heads came to, for people. */
export function headRows({ heads, numbers, count, ...rest }: Evaluation): readonly [string, string][] {
  if (heads) return heads.flatMap(({ name, evaluation }) => headRow(name, evaluation));
  return headRow("", { ...rest, count, ...(numbers ? { numbers } : {}) });
}

function headRow(name: string, { numbers, several, top1, count, classes }: Evaluation): readonly [string, string][] {
  if (numbers && classes === 0) {
    return numbers.columns.map((c) => [
      c.name,
      `MAE ${numberText(c.mae)}, RMSE ${numberText(c.rmse)}, R2 ${r2Text(c.r2)} of ${counted(c.count, "validation photo")}`,
    ]);
  }
  const of = `of ${counted(count, "validation photo")}`;
  if (several) return [[name, `mean AP ${percent(several.meanAveragePrecision)} ${of}`]];
  return [[name, `top-1 ${percent(top1)} ${of}`]];
}

/** Four digits of a number. */
export function numberText(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(4))) : "-";
}

export function r2Text(r2: number | null): string {
  return r2 === null ? "-" : r2.toFixed(3);
}
