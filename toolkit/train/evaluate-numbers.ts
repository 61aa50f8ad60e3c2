import type { Standard } from "../data/heads.ts";

/** How one column of numbers is predicted, in its own units. */
export interface ColumnMetrics {
  readonly name: string;
  /** Samples whose number is known. */
  readonly count: number;
  /** Mean absolute error. */
  readonly mae: number;
  /** Root of the mean squared error. */
  readonly rmse: number;
  /** Share of the variance that is predicted, 1 - sum of squared errors / sum of squared deviations; null where the numbers are all the same. */
  readonly r2: number | null;
}

/** How a network does on numbers. */
export interface NumberMetrics {
  readonly columns: readonly ColumnMetrics[];
  /** Means over the columns. */
  readonly mae: number;
  readonly rmse: number;
  /** Over the columns that have one. */
  readonly r2: number | null;
  /** Mean squared error of the standardised numbers that are known. */
  readonly loss: number;
  /** [count, columns], in their own units. */
  readonly predictions: Float32Array;
  /** The same of what is true; NaN where it is not known. */
  readonly truths: Float32Array;
}

/** Every measure of predictions [count, columns] against the truth, of the same shape, with NaN where that is not known. */
export function numberMetrics(
  predictions: Float32Array,
  truths: Float32Array,
  names: readonly string[],
  standard: readonly Standard[],
): NumberMetrics {
  const width = names.length;
  const errors = names.map((_, k) => errorsOf(predictions, truths, width, k));
  const columns = errors.map((of, k) => metricsOf(of, names[k] ?? ""));
  const known = errors.reduce((sum, { values }) => sum + values.length, 0);
  const squared = errors.reduce((sum, { squares }, k) => sum + squares / (standard[k]?.deviation ?? 1) ** 2, 0);
  return { ...means(columns), columns, loss: known === 0 ? 0 : squared / known, predictions, truths };
}

/** The measures of some columns in the mean; of a column without a known number nothing is told. */
export function means(columns: readonly ColumnMetrics[]): Pick<NumberMetrics, "mae" | "rmse" | "r2"> {
  const measured = columns.filter(({ count }) => count > 0);
  const explained = measured.flatMap(({ r2 }) => r2 ?? []);
  return {
    mae: mean(measured.map(({ mae }) => mae)),
    rmse: mean(measured.map(({ rmse }) => rmse)),
    r2: explained.length === 0 ? null : mean(explained),
  };
}

interface Errors {
  /** The known numbers. */
  readonly values: readonly number[];
  readonly absolute: number;
  readonly squares: number;
}

function errorsOf(predictions: Float32Array, truths: Float32Array, width: number, k: number): Errors {
  const values: number[] = [];
  let [absolute, squares] = [0, 0];
  for (let i = k; i < truths.length; i += width) {
    const truth = truths[i] ?? Number.NaN;
    if (Number.isNaN(truth)) continue;
    const error = (predictions[i] ?? Number.NaN) - truth;
    values.push(truth);
    absolute += Math.abs(error);
    squares += error * error;
  }
  return { values, absolute, squares };
}

function metricsOf({ values, absolute, squares }: Errors, name: string): ColumnMetrics {
  const count = values.length;
  const middle = mean(values);
  const variance = values.some((v) => v !== values[0]) ? values.reduce((sum, v) => sum + (v - middle) ** 2, 0) : 0;
  const divisor = Math.max(1, count);
  return {
    name,
    count,
    mae: absolute / divisor,
    rmse: Math.sqrt(squares / divisor),
    r2: variance === 0 ? null : 1 - squares / variance,
  };
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, v) => sum + v, 0) / values.length;
}
