import type { Evaluation } from "./evaluate.ts";
import { severalLabels } from "./evaluate-labels.ts";

/** The evaluation of logits, a row per sample. */
export function score(
  rows: readonly Float32Array[],
  labels: readonly number[],
  indices: readonly number[],
  classes: number,
): Evaluation {
  const probabilities = new Float32Array(rows.length * classes);
  let loss = 0;
  let first = 0;
  let missed = 0;
  for (const [i, row] of rows.entries()) {
    const label = labels[i] ?? 0;
    const of = softmax(row);
    probabilities.set(of, i * classes);
    loss -= logProbability(row, label);
    const rank = rankOf(row, label);
    if (rank === 0) first++;
    if (rank >= 5) missed++;
  }
  const count = rows.length;
  return {
    count,
    loss: count ? loss / count : 0,
    top1: count ? first / count : 0,
    top5Error: count ? missed / count : 0,
    classes,
    probabilities,
    labels: Int32Array.from(labels),
    indices: Int32Array.from(indices),
  };
}

/** The evaluation of logits of samples that may have several labels, a row of each per sample; `thresholds` as `severalLabels` takes them. */
export function scoreSeveral(
  rows: readonly Float32Array[],
  targets: readonly Float32Array[],
  labels: readonly number[],
  indices: readonly number[],
  thresholds?: readonly number[],
): Evaluation {
  const count = rows.length;
  const classes = rows[0]?.length ?? 0;
  const probabilities = new Float32Array(count * classes);
  const wanted = new Float32Array(count * classes);
  let [loss, first, missed] = [0, 0, 0];
  for (const [i, row] of rows.entries()) {
    const target = targets[i] ?? new Float32Array(classes);
    probabilities.set(row.map(sigmoid), i * classes);
    wanted.set(target, i * classes);
    loss += row.reduce((sum, z, k) => sum + binaryCrossEntropyOf(z, target[k] ?? 0), 0) / classes;
    const ranks = Array.from(target.keys()).flatMap((k) => ((target[k] ?? 0) > 0.5 ? [rankOf(row, k)] : []));
    if (ranks.includes(0)) first++;
    if (ranks.every((rank) => rank >= 5)) missed++;
  }
  return {
    count,
    loss: count ? loss / count : 0,
    top1: count ? first / count : 0,
    top5Error: count ? missed / count : 0,
    classes,
    probabilities,
    labels: Int32Array.from(labels),
    indices: Int32Array.from(indices),
    several: severalLabels(probabilities, wanted, classes, thresholds),
  };
}

function sigmoid(z: number): number {
  return z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z));
}

/** max(z, 0) - z y + ln(1 + e^-|z|): does not overflow. */
function binaryCrossEntropyOf(z: number, y: number): number {
  return Math.max(z, 0) - z * y + Math.log1p(Math.exp(-Math.abs(z)));
}

/** Softmax of a row of logits, with the largest taken off first so that it cannot overflow. */
function softmax(logits: ArrayLike<number>): Float32Array {
  const top = Math.max(...Array.from(logits));
  const powers = Float64Array.from(logits, (z) => Math.exp(z - top));
  const sum = powers.reduce((s, v) => s + v, 0);
  return Float32Array.from(powers, (v) => v / sum);
}

/** How many classes have a larger logit than `label`; of equal ones the lower index comes first. All of them, where its logit is no number. */
export function rankOf(logits: ArrayLike<number>, label: number): number {
  const own = logits[label] ?? Number.NaN;
  if (Number.isNaN(own)) return logits.length;
  let rank = 0;
  for (let k = 0; k < logits.length; k++) {
    const z = logits[k] ?? 0;
    if (z > own || (z === own && k < label)) rank++;
  }
  return rank;
}

function logProbability(logits: Float32Array, label: number): number {
  const top = Math.max(...logits);
  const sum = logits.reduce((s, z) => s + Math.exp(z - top), 0);
  return (logits[label] ?? Number.NaN) - top - Math.log(sum);
}
