import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { toNumbers } from "../../toolkit/graph/tensor.ts";

/** What float64 leaves of a sum that is zero, such as the gradient of a bias before BatchNormalization, has a smaller norm. */
const RESIDUE = 1e-9;
/** How far an element may lie from a reference of zero. */
const ABSOLUTE = 1e-6;

/** One tensor's distance from its reference. */
export interface Deviation {
  readonly what: string;
  /** The distance over what is allowed; above 1 it fails. */
  readonly excess: number;
  /** What is wrong, in words. */
  readonly message: string;
}

/**
 * Compares norm(actual - expected) / norm(expected) with `tolerance`; where the reference is zero everywhere, each element with 1e-6.
 * Where float64 left a residue of zero it is 1e-6 of `scale`, the size of what was summed, if that is above 1.
 */
export function relativeError(
  what: string,
  actual: TensorData | undefined,
  expected: TensorData,
  tolerance: number,
  scale = 1,
): Deviation {
  const wrong = (message: string): Deviation => ({ what, excess: Infinity, message: `${what} ${message}` });
  if (!actual) return wrong("is missing");
  if (actual.shape.join() !== expected.shape.join()) {
    return wrong(`has shape [${actual.shape.join()}], expected [${expected.shape.join()}]`);
  }
  const [values, references] = [toNumbers(actual), toNumbers(expected)];
  if (!values.every(Number.isFinite)) return wrong("is not finite");
  const size = norm(references);
  if (size < RESIDUE) {
    const largest = values.reduce((max, v) => Math.max(max, Math.abs(v)), 0);
    const allowed = ABSOLUTE * (size > 0 ? Math.max(1, scale) : 1);
    const message = `${what} reaches ${digits(largest)} where the reference is 0, allowed is ${digits(allowed)}`;
    return { what, excess: largest / allowed, message };
  }
  const relative = norm(values.map((v, i) => v - (references[i] ?? 0))) / size;
  const message = `${what} differs by ${digits(relative)} of its norm, allowed is ${tolerance}`;
  return { what, excess: relative / tolerance, message };
}

/** The Euclidean norm. */
export function norm(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));
}

function digits(value: number): string {
  return value.toExponential(2);
}
