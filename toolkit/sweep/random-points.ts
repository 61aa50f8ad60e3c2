import { hashText, uniform } from "../graph/random.ts";
import { atShare } from "./at-share.ts";
import type { Axis, Point, Value } from "./space.ts";

/** Draws without a new point after which there are taken to be no more. */
const PATIENCE = 1000;

/**
 * Points drawn at random, none twice: fewer than `count` where the space has no more. Each number depends on the seed, the name of its axis and the
 * number of the draw alone, so that more trials begin with the same ones, and another axis changes no value of the others.
 */
export function randomPoints(axes: readonly Axis[], count: number, seed: number): readonly Point[] {
  const points = new Map<string, Point>();
  for (let [draw, vain] = [0, 0]; points.size < count && vain < PATIENCE; draw++) {
    const point = Object.fromEntries(axes.map((axis) => [axis.name, drawn(axis, seed, draw)]));
    const text = JSON.stringify(point);
    vain = points.has(text) ? vain + 1 : 0;
    if (vain === 0) points.set(text, point);
  }
  return [...points.values()];
}

function drawn(axis: Axis, seed: number, draw: number): Value {
  const share = uniform(seed, hashText(axis.name), draw);
  if (axis.kind === "choice") return axis.values[Math.floor(share * axis.values.length)] as Value;
  const { from, to, isInteger, scale } = axis;
  if (!isInteger || scale === "log") return atShare(axis, share);
  // every whole number as likely as the next, the ends included
  return from + Math.floor(share * (to - from + 1));
}
