import { ToolkitError } from "../errors.ts";
import type { Axis, Point, Value } from "./space.ts";
import { atShare } from "./at-share.ts";

/** More are a mistake: nobody waits for them. */
const MOST_POINTS = 100_000;

/**
 * Every combination of the values of all axes, the last axis changing first; of a range `steps` values at even distances on its scale, both ends among them.
 * @throws E_SETTING where these are too many
 */
export function gridPoints(axes: readonly Axis[], steps: number): readonly Point[] {
  const values = axes.map((axis) => valuesOf(axis, steps));
  const count = values.reduce((product, list) => product * list.length, 1);
  if (count > MOST_POINTS) {
    throw new ToolkitError("E_SETTING", `Cannot sweep a grid of ${count} points: expected ${MOST_POINTS} at most`, {
      hint: "sweep fewer settings, or draw trials at random",
    });
  }
  return axes.reduce<readonly Point[]>(
    (points, { name }, i) => points.flatMap((point) => (values[i] ?? []).map((value) => withValue(point, name, value))),
    [{}],
  );
}

function withValue(point: Point, name: string, value: Value): Point {
  return { ...point, [name]: value };
}

function valuesOf(axis: Axis, steps: number): readonly Value[] {
  if (axis.kind === "choice") return axis.values;
  const values = Array.from({ length: steps }, (_, i) => atShare(axis, steps === 1 ? 0.5 : i / (steps - 1)));
  return [...new Set(values)];
}
