import type { Schedule } from "./schedule.ts";

export interface OneCycleOptions {
  /** Share of the steps over which the rate rises. */
  readonly riseShare?: number;
  /** It starts at the rate divided by this, */
  readonly startDivisor?: number;
  /** and ends at its start divided by this. */
  readonly endDivisor?: number;
  readonly shape?: "cosine" | "linear";
  /** Fall in two phases: to the start as quickly as it rose, then to the end. */
  readonly threePhase?: boolean;
  /** Steps of the cycle; all steps of the run where absent. The rate stays at its end afterwards. */
  readonly over?: number;
}

interface Phase {
  /** The step at which the phase ends; not whole, as in PyTorch. */
  readonly end: number;
  readonly from: number;
  readonly to: number;
}

/** Up to `rate` and down again over the run (Smith and Topin 2018), exactly as PyTorch's OneCycleLR. */
export function oneCycle(rate: number, options: OneCycleOptions = {}): Schedule {
  const { shape = "cosine", over } = options;
  return ({ step, steps }) => {
    const total = Math.max(1, over ?? steps);
    const at = Math.min(step, total - 1);
    let start = 0;
    const phases = phasesOf(rate, total, options);
    for (const [i, { end, from, to }] of phases.entries()) {
      if (at <= end || i === phases.length - 1) {
        const share = end > start ? (at - start) / (end - start) : 1;
        return shape === "linear"
          ? from + (to - from) * share
          : to + ((from - to) * (1 + Math.cos(Math.PI * share))) / 2;
      }
      start = end;
    }
    return rate;
  };
}

function phasesOf(
  rate: number,
  total: number,
  { riseShare = 0.3, startDivisor = 25, endDivisor = 1e4, threePhase = false }: OneCycleOptions,
): readonly Phase[] {
  const low = rate / startDivisor;
  const end = low / endDivisor;
  const rise = { end: riseShare * total - 1, from: low, to: rate };
  if (!threePhase) return [rise, { end: total - 1, from: rate, to: end }];
  return [rise, { end: 2 * riseShare * total - 2, from: rate, to: low }, { end: total - 1, from: low, to: end }];
}
