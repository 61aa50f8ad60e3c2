import { dot, lengthOf, step } from "./direction.ts";

export type Verdict = "ok" | "wrong" | "inconclusive";

/** The slope of the loss along one direction, as the gradient has it and as differences do. */
export interface Judgement {
  readonly analytic: number;
  readonly numeric: number;
  /** Their difference over the larger of the two, or over what is usual in such a direction where that is more. */
  readonly relativeError: number;
  readonly verdict: Verdict;
}

export interface Slope {
  readonly analytic: number;
  readonly numeric: number;
  /** How far the numeric slope may be off, as differences over two steps and over both sides show, with rounding. */
  readonly uncertainty: number;
  /** The size a slope in such a direction has, where this one is small by chance. */
  readonly scale: number;
}

export interface SlopeOptions {
  readonly start: Float32Array;
  /** Of length 1. */
  readonly vector: Float32Array;
  readonly gradient: Float32Array;
  /** At `start`. */
  readonly loss: number;
  readonly lossAt: (data: Float32Array) => Promise<number>;
}

/** Slopes may differ by this share. */
const TOLERANCE = 1e-2;
/** A difference of so many uncertainties is no accident. */
const SURE = 3;
/** An uncertainty of more than this share of the slope says nothing. */
const VAGUE = 0.3;
/** How exactly a float32 network computes its loss, as a share of the loss or of 1: 8 units in the last place. */
const ROUNDING = 2 ** -20;
/** The longest step as a share of the parameter's length, and the change of the loss it should not exceed by the gradient's own account. */
const LONGEST = 1e-2;
const LARGEST_CHANGE = 3e-2;
/** Each step is a quarter of the one before. */
const SHRINK = 4;
const LEVELS = 4;
/** A parameter of zeros is stepped as if its elements were so large. */
const LEAST_ELEMENT = 1e-2;

/**
 * The slope by central differences over shrinking steps, each two of them extrapolated to step 0 (Richardson 1911); the one of least uncertainty, or the first
 * that agrees with the gradient.
 */
export async function measureSlope({ start, vector, gradient, loss, lossAt }: SlopeOptions): Promise<Slope> {
  const analytic = dot(gradient, vector);
  const scale = lengthOf(gradient) / Math.sqrt(gradient.length);
  const size = Math.max(lengthOf(start), LEAST_ELEMENT * Math.sqrt(start.length));
  const rounding = ROUNDING * Math.max(1, Math.abs(loss));
  let length = Math.min(LONGEST * size, LARGEST_CHANGE / (Math.abs(analytic) || Number.MIN_VALUE));
  let best: Slope | undefined;
  let before: number | undefined;
  for (let level = 0; level < LEVELS; level++, length /= SHRINK) {
    const after = await lossAt(step(start, vector, length));
    const prior = await lossAt(step(start, vector, -length));
    const central = (after - prior) / (2 * length);
    if (before !== undefined) {
      // at a kink the slopes to the two sides differ however short the step
      const oneSided = Math.abs(after - 2 * loss + prior) / (2 * length);
      const uncertainty = Math.abs(central - before) + oneSided + rounding / length;
      const numeric = central + (central - before) / (SHRINK ** 2 - 1);
      const slope = { analytic, numeric, uncertainty, scale };
      if (judge(slope).verdict === "ok") return slope;
      if (!best || uncertainty < best.uncertainty) best = slope;
    }
    before = central;
  }
  return best as Slope;
}

/** Whether both slopes agree, differ, or cannot be told apart. */
export function judge({ analytic, numeric, uncertainty, scale }: Slope): Judgement {
  const difference = Math.abs(analytic - numeric);
  const larger = Math.max(Math.abs(analytic), Math.abs(numeric));
  const size = Math.max(larger, scale);
  const relativeError = difference === 0 ? 0 : difference / size;
  const agrees = difference <= TOLERANCE * size && uncertainty <= VAGUE * size;
  const verdict = difference === 0 || agrees ? "ok" : difference > SURE * uncertainty ? "wrong" : "inconclusive";
  return { analytic, numeric, relativeError, verdict };
}
