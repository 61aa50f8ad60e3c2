import type { Axis } from "./space.ts";

/** Digits of a number that is drawn: nobody can tell rates apart by more. */
const DIGITS = 4;

/** The number at a share 0..1 of the way through a range, on the range's own scale. */
export function atShare(range: Extract<Axis, { kind: "range" }>, share: number): number {
  const { from, to, scale, isInteger } = range;
  const between = scale === "log" ? from * (to / from) ** share : from + (to - from) * share;
  const number = isInteger ? Math.round(between) : Number(between.toPrecision(DIGITS));
  return Math.min(to, Math.max(from, number));
}
