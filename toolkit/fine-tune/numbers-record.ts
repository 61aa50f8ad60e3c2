import type { EpochRecord, RunReport } from "../report/run-report.ts";
import type { Evaluation } from "../train/evaluate.ts";
import { qualityText } from "../train/quality-text.ts";

/** Photos whose true and predicted numbers a report shows. */
const SHOWN = 500;

/** What a report says of numbers and of several heads. */
export function headsRecord(evaluation: Evaluation | undefined): Pick<RunReport, "numbers" | "heads"> {
  if (!evaluation || evaluation.count === 0) return {};
  const { numbers, heads, count } = evaluation;
  return {
    ...(numbers ? { numbers: { ...meansOf(numbers), count, columns: columnsOf(numbers) } } : {}),
    ...(heads
      ? {
          heads: heads.map(({ name, task, evaluation: own }) => ({
            name,
            task,
            loss: own.loss,
            score: qualityText(own),
          })),
        }
      : {}),
  };
}

/** Whether only numbers are learnt: nothing is right or wrong then. */
export function isOfNumbers(evaluation: Evaluation | undefined): boolean {
  return evaluation?.classes === 0 && evaluation.numbers !== undefined;
}

/** The measures of an epoch on numbers. */
export function measuresOf(evaluation: Evaluation | undefined): Pick<EpochRecord, "rmse" | "mae" | "r2"> {
  return evaluation?.numbers ? meansOf(evaluation.numbers) : {};
}

type Numbers = NonNullable<Evaluation["numbers"]>;

function meansOf({ mae, rmse, r2 }: Numbers): Pick<Numbers, "mae" | "rmse" | "r2"> {
  return { mae, rmse, r2 };
}

function columnsOf({ columns, predictions, truths }: Numbers): NonNullable<RunReport["numbers"]>["columns"] {
  const width = columns.length;
  return columns.map((column, k) => {
    const points: [number, number][] = [];
    for (let i = k; i < truths.length && points.length < SHOWN; i += width) {
      const truth = truths[i] ?? Number.NaN;
      if (!Number.isNaN(truth)) points.push([truth, predictions[i] ?? 0]);
    }
    return { ...column, points };
  });
}
