import { checked } from "../diagnosis.ts";
import type { ModelCheck } from "../diagnosis.ts";

/** What is known of the logits that a loss at the start was computed from. */
export interface StartingLogits {
  /** Samples that the loss is the mean of. */
  readonly rows: number;
  /** Standard deviation of a sample's logits around their mean. */
  readonly deviation: number;
}

/** The shares of log K that a new head may be off by, where nothing is known of its logits. */
const [LOW, HIGH, ROOM] = [0.5, 1.5, 0.5];
/** The deviation of the logits of features of unit size: weights and biases start uniform in +-1/sqrt(F), with a variance of 1/(3F). */
const UNIT_FEATURES = Math.sqrt(2 / 3);
/** Standard errors that a mean over few samples may be off by. */
const ERRORS = 3;

/**
 * Whether the loss of a new head is that of guessing, log K. Logits of deviation s that know nothing of the labels cost between log K and log K + s^2 / 2
 * (Jensen's inequality for normal logits), with an error of s / sqrt(rows) for the labels drawn.
 */
export function judgeStart(loss: number, classes: number, logits?: StartingLogits): ModelCheck {
  const expected = Math.log(classes);
  const facts = { loss, expected, classes, ...(logits ? { logitDeviation: logits.deviation } : {}) };
  const detail = `${loss.toFixed(3)} with a new head for ${classes} classes; guessing gives log ${classes} = ${expected.toFixed(3)}`;
  if (!Number.isFinite(loss)) {
    const hint = "a weight or a value is no number, or overflows: see that --mean and --std are the model's own";
    return checked("loss at start", "failed", detail, { hint, ...facts });
  }
  const { least, most } = bounds(expected, logits);
  if (loss > HIGH * expected + ROOM || loss < LOW * expected) {
    const hint = "the features are large: see that --mean and --std are the model's own, or train with a lower --rate";
    return checked("loss at start", "warning", detail, { hint, ...facts });
  }
  if (loss >= least && loss <= most) return checked("loss at start", "ok", detail, facts);
  const range = `${least.toFixed(3)} to ${most.toFixed(3)}`;
  const hint = `logits of deviation ${logits?.deviation.toFixed(2) ?? ""} that know nothing would cost ${range}: they go with the labels before anything is learnt`;
  return checked("loss at start", "warning", detail, { hint, ...facts });
}

function bounds(
  expected: number,
  logits: StartingLogits | undefined,
): { readonly least: number; readonly most: number } {
  if (!logits) return { least: LOW * expected, most: HIGH * expected + ROOM };
  const { rows } = logits;
  const deviation = Math.max(UNIT_FEATURES, logits.deviation);
  // 5 % for what is not normal about logits, and for dropout and batch statistics
  const slack = 0.05 * expected + 0.05 + (ERRORS * deviation) / Math.sqrt(rows);
  return { least: expected - slack, most: expected + deviation ** 2 / 2 + slack };
}

/** The deviation of logits around their mean in each row, from their softmax [rows,classes]: its logarithm differs from them by one number a row. */
export function logitDeviation(probabilities: Float32Array, classes: number): number {
  const rows = probabilities.length / classes;
  let squares = 0;
  for (let row = 0; row < rows; row++) {
    const logs = Array.from(probabilities.subarray(row * classes, (row + 1) * classes), (p) =>
      Math.log(Math.max(p, 1e-30)),
    );
    const mean = logs.reduce((sum, v) => sum + v, 0) / classes;
    squares += logs.reduce((sum, v) => sum + (v - mean) ** 2, 0) / classes;
  }
  return Math.sqrt(squares / Math.max(1, rows));
}
