import type { ParameterNorms } from "../../train/measure-step.ts";

/** By how much the first update changed a parameter. */
export interface UpdateSize {
  readonly parameter: string;
  /** Norm of the change over that of the parameter before. */
  readonly share: number;
  /** Dimensions of the parameter: biases and scales have one. */
  readonly rank: number;
}

/** From the norms that were taken at a step; `rank` is how many dimensions a parameter has. */
export function updateSizes(norms: readonly (ParameterNorms & { readonly rank: number })[]): readonly UpdateSize[] {
  return norms.map(({ parameter, weight, update, rank }) => {
    const share = update === 0 ? 0 : update / Math.max(weight, 1e-12);
    return { parameter, share, rank };
  });
}

/** What is right about the first update, in one line: how far it moved filters and matrices. */
export function updateText(sizes: readonly UpdateSize[], rate: number): string {
  const shares = sizes.filter(({ rank }) => rank > 1).map(({ share }) => share);
  if (rate === 0 || shares.length === 0) return `rate ${rate}`;
  const [least, most] = [Math.min(...shares), Math.max(...shares)].map((share) => Number(share.toPrecision(2)));
  return `rate ${Number(rate.toPrecision(2))} moved weights by ${least} to ${most} of their size; about 0.001 is usual`;
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
