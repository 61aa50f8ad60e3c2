/** The learning rate as a function of progress; `step` counts from 0, `metrics` are the validation results so far. */
export type Schedule = (at: {
  readonly step: number;
  readonly steps: number;
  readonly metrics: readonly number[];
}) => number;
