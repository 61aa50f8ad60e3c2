import type { Tensors } from "../../runtime/runtime.ts";
import { lengthOf } from "./gradient-norms.ts";

/** By how much the first update changed a parameter. */
export interface UpdateSize {
  readonly parameter: string;
  /** Norm of the change over that of the parameter before. */
  readonly share: number;
  /** Dimensions of the parameter: biases and scales have one. */
  readonly rank: number;
}

export function updateSizes(before: Tensors, after: Tensors): readonly UpdateSize[] {
  return [...after].flatMap(([parameter, { data, shape }]) => {
    const start = before.get(parameter)?.data;
    if (!start) return [];
    const change = Float32Array.from(data as Float32Array, (value, i) => value - Number(start[i]));
    const size = lengthOf(start as Float32Array);
    const moved = lengthOf(change);
    return [{ parameter, share: moved === 0 ? 0 : moved / Math.max(size, 1e-12), rank: shape.length }];
  });
}

/** A weight that changes by more than itself in one step does not learn, it is replaced. A share of 1e-3 is usual. */
const TOO_FAR = 1;
/** Parameters that are named in one line. */
const NAMED = 3;

/** What is wrong with the first update, where anything is. */
export function updateFault(sizes: readonly UpdateSize[], rate: number): string | undefined {
  const still = sizes.filter(({ share }) => share === 0);
  const far = sizes.filter(({ share, rank }) => rank > 1 && !(share <= TOO_FAR));
  if (far.length > 0) {
    const [first] = far.toSorted((a, b) => b.share - a.share);
    const most = first && Number.isFinite(first.share) ? `by ${Math.round(100 * first.share)} %` : "to no number";
    return `the first step (rate ${rate}) changed "${first?.parameter ?? ""}" ${most}: a lower rate is likely to learn more, such as ${Number((rate / 10).toPrecision(1))}`;
  }
  if (still.length === 0 || rate === 0) return undefined;
  if (still.length === sizes.length)
    return "the first step changed no weight at all: every gradient is zero, or too small for the rate";
  const names = still.slice(0, NAMED).map(({ parameter }) => `"${parameter}"`);
  const others = still.length > NAMED ? ` and ${still.length - NAMED} more` : "";
  return `the first step did not change ${names.join(", ")}${others}: their gradients are zero, or too small for the rate`;
}
