import { ToolkitError } from "../errors.ts";

/** What a classifier said about N samples, and what is true. */
export interface Predictions {
  /** [N,K] row-major: one probability per class, rows summing to 1. */
  readonly probabilities: Float32Array;
  /** [N]: the index of the true class. */
  readonly labels: ArrayLike<number>;
  /** K. */
  readonly classes: number;
}

/** One class against all others. A ratio is null where its divisor is 0: precision of a class never predicted, recall of a class without samples. */
export interface ClassMetrics {
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
  /** Samples that truly are of this class. */
  readonly support: number;
}

/** How often one class was taken for another. */
export interface Confusion {
  readonly actual: number;
  readonly predicted: number;
  readonly count: number;
}

/** Samples whose top probability lies in one interval. */
export interface CalibrationBin {
  /** Mean top probability. */
  readonly confidence: number;
  /** Share of right answers. */
  readonly accuracy: number;
  readonly count: number;
}

/** All measures of one evaluation, as plain data. Rates are 0..1. */
export interface Metrics {
  readonly count: number;
  readonly accuracy: number;
  readonly top1Error: number;
  /** 0 by definition where there are at most 5 classes. */
  readonly top5Error: number;
  /** Mean F1 over the classes that have one. */
  readonly macroF1: number;
  /** Mean log loss in nats. */
  readonly logLoss: number;
  /** Expected calibration error over 15 intervals. */
  readonly calibrationError: number;
  readonly calibration: readonly CalibrationBin[];
  readonly perClass: readonly ClassMetrics[];
  /** The confusion matrix without its zeros, row by row: it grows with N, not with K squared. */
  readonly confusion: readonly Confusion[];
}

/**
 * Every measure of the predictions at once.
 * @throws E_SHAPE where sizes do not fit, a label is out of range, or N is 0; E_MODEL_NONFINITE where a probability is no finite number
 */
export function measure(predictions: Predictions): Metrics {
  const count = check(predictions);
  const matrix = confusionMatrix(predictions);
  const perClass = classMetrics(matrix, predictions.classes);
  const f1 = perClass.flatMap((c) => (c.f1 === null ? [] : [c.f1]));
  const calibration = calibrationBins(predictions);
  const top1Error = topError(predictions, 1);
  return {
    count,
    accuracy: 1 - top1Error,
    top1Error,
    top5Error: topError(predictions, 5),
    macroF1: mean(f1),
    logLoss: logLoss(predictions),
    calibrationError: calibrationError(predictions),
    calibration,
    perClass,
    confusion: nonZero(matrix, predictions.classes),
  };
}

/** Share of samples whose true class is not among the `k` most probable; of equal probabilities the lower index counts as the more probable. */
export function topError({ probabilities, labels, classes }: Predictions, k: number): number {
  let wrong = 0;
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] ?? 0;
    const own = probabilities[i * classes + label] ?? 0;
    let before = 0;
    for (let c = 0; c < classes; c++) {
      const p = probabilities[i * classes + c] ?? 0;
      if (p > own || (p === own && c < label)) before++;
    }
    if (before >= k) wrong++;
  }
  return wrong / labels.length;
}

/** The most probable class of each sample, the first one among equals. */
function predictedClasses({ probabilities, labels, classes }: Predictions): Int32Array {
  return Int32Array.from({ length: labels.length }, (_, i) => {
    let best = 0;
    for (let c = 1; c < classes; c++) {
      if ((probabilities[i * classes + c] ?? 0) > (probabilities[i * classes + best] ?? 0)) best = c;
    }
    return best;
  });
}

/** Counts, [K,K] row-major: the true class is the row, the predicted one the column. */
export function confusionMatrix(predictions: Predictions): Uint32Array {
  const { labels, classes } = predictions;
  const matrix = new Uint32Array(classes * classes);
  for (const [i, predicted] of predictedClasses(predictions).entries()) {
    const cell = (labels[i] ?? 0) * classes + predicted;
    matrix[cell] = (matrix[cell] ?? 0) + 1;
  }
  return matrix;
}

/** Precision, recall, F1 and support of each class from a [K,K] confusion matrix. */
export function classMetrics(matrix: Uint32Array, classes: number): ClassMetrics[] {
  return Array.from({ length: classes }, (_, c) => {
    const hits = matrix[c * classes + c] ?? 0;
    let support = 0;
    let predicted = 0;
    for (let other = 0; other < classes; other++) {
      support += matrix[c * classes + other] ?? 0;
      predicted += matrix[other * classes + c] ?? 0;
    }
    return {
      precision: ratio(hits, predicted),
      recall: ratio(hits, support),
      f1: ratio(2 * hits, support + predicted),
      support,
    };
  });
}

/** The pairs of classes most often taken for each other, most frequent first. */
export function confusedPairs(confusion: readonly Confusion[], limit = 10): Confusion[] {
  return confusion
    .filter((c) => c.actual !== c.predicted)
    .sort((a, b) => b.count - a.count || a.actual - b.actual || a.predicted - b.predicted)
    .slice(0, limit);
}

/** Mean of -ln p(true class), in nats. A probability counts as at least 2^-23 (float32's epsilon), as in scikit-learn's `log_loss`. */
export function logLoss({ probabilities, labels, classes }: Predictions): number {
  let sum = 0;
  for (let i = 0; i < labels.length; i++) {
    sum -= Math.log(Math.max(probabilities[i * classes + (labels[i] ?? 0)] ?? 0, 2 ** -23));
  }
  return sum / labels.length;
}

/** Samples grouped by top probability into `bins` intervals (a, b] of equal width; empty ones are left out (Guo et al. 2017, "On Calibration of Modern Neural Networks"). */
export function calibrationBins(predictions: Predictions, bins = 15): CalibrationBin[] {
  const { probabilities, labels, classes } = predictions;
  const found = Array.from({ length: bins }, () => ({ confidence: 0, right: 0, count: 0 }));
  for (const [i, predicted] of predictedClasses(predictions).entries()) {
    const confidence = probabilities[i * classes + predicted] ?? 0;
    const bin = found[Math.min(bins - 1, Math.max(0, Math.ceil(confidence * bins) - 1))];
    if (!bin) continue;
    bin.confidence += confidence;
    bin.right += predicted === labels[i] ? 1 : 0;
    bin.count++;
  }
  return found
    .filter((b) => b.count > 0)
    .map((b) => ({ confidence: b.confidence / b.count, accuracy: b.right / b.count, count: b.count }));
}

/** Expected calibration error: the mean distance of confidence and accuracy over the bins, weighted by their counts. */
export function calibrationError(predictions: Predictions, bins = 15): number {
  const { length } = predictions.labels;
  return calibrationBins(predictions, bins).reduce(
    (sum, b) => sum + (b.count / length) * Math.abs(b.accuracy - b.confidence),
    0,
  );
}

function check({ probabilities, labels, classes }: Predictions): number {
  const count = labels.length;
  if (count === 0) throw new ToolkitError("E_SHAPE", "Cannot measure predictions: there are none");
  if (probabilities.length !== count * classes) {
    throw new ToolkitError(
      "E_SHAPE",
      `Cannot measure predictions: ${count} labels of ${classes} classes need ${count * classes} probabilities, got ${probabilities.length}`,
    );
  }
  for (let i = 0; i < count; i++) {
    const label = labels[i];
    if (label === undefined || !Number.isInteger(label) || label < 0 || label >= classes) {
      throw new ToolkitError(
        "E_SHAPE",
        `Cannot measure predictions: label ${label} of sample ${i} is not in 0..${classes - 1}`,
      );
    }
  }
  const bad = probabilities.findIndex((p) => !Number.isFinite(p));
  if (bad >= 0) {
    const at = `sample ${Math.floor(bad / classes)}, class ${bad % classes}`;
    throw new ToolkitError(
      "E_MODEL_NONFINITE",
      `Cannot measure predictions: the probability of ${at} is ${probabilities[bad]}`,
    );
  }
  return count;
}

function nonZero(matrix: Uint32Array, classes: number): Confusion[] {
  const cells: Confusion[] = [];
  for (const [i, count] of matrix.entries()) {
    if (count > 0) cells.push({ actual: Math.floor(i / classes), predicted: i % classes, count });
  }
  return cells;
}

function ratio(a: number, b: number): number | null {
  return b === 0 ? null : a / b;
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, v) => sum + v, 0) / values.length;
}
