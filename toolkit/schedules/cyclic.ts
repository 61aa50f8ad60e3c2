import type { Schedule } from "./schedule.ts";

export interface CyclicOptions {
  /** The rate at the start and end of a cycle; a tenth of the peak where absent. */
  readonly floor?: number;
  /** Steps up; an eighth of all steps where absent. */
  readonly up?: number;
  /** Steps down; as many as up where absent. */
  readonly down?: number;
  /** triangular2: the height halves from cycle to cycle. */
  readonly shape?: "triangular" | "triangular2";
}

/** A straight line up from `floor` to `rate` and down again, over and over (Smith 2017; PyTorch's CyclicLR). */
export function cyclic(
  rate: number,
  { floor = rate / 10, up, down, shape = "triangular" }: CyclicOptions = {},
): Schedule {
  return ({ step, steps }) => {
    const rise = up ?? Math.max(1, Math.ceil(steps / 8));
    const length = rise + (down ?? rise);
    const cycle = Math.floor(step / length);
    const at = step - cycle * length;
    const height = at <= rise ? at / rise : (length - at) / (length - rise);
    return floor + (rate - floor) * height * (shape === "triangular2" ? 0.5 ** cycle : 1);
  };
}
