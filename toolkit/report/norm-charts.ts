import type { Chart, Series } from "./chart.ts";
import type { NormRecord } from "./run-report.ts";

/** A share of the weights that an update is usually about as large as. */
const USUAL_SHARE = 1e-3;

/** The norms of gradient and weights, and how far updates moved them, by step; a line for each stage, as each has its own parameters. */
export function normCharts(norms: readonly NormRecord[]): readonly Chart[] {
  const modes = [...new Set(norms.map(({ mode }) => mode))];
  const series = (name: string, valueOf: (norm: NormRecord) => number | null): readonly Series[] =>
    modes.flatMap((mode) => {
      const points = norms.flatMap((norm) => {
        const value = valueOf(norm);
        // a log scale has no 0
        return norm.mode === mode && value !== null && value > 0 && Number.isFinite(value)
          ? [[norm.step, value] as const]
          : [];
      });
      return points.length > 0 ? [{ name: modes.length > 1 ? `${mode}: ${name}` : name, tone: "plain", points }] : [];
    });
  const common = { xLabel: "step", wholeX: true, percent: false, log: true };
  const starts = modes.map((mode) => ({ x: norms.find((norm) => norm.mode === mode)?.step ?? 0, label: mode }));
  const rules = modes.length > 1 ? starts : [];
  const charts: readonly Chart[] = [
    {
      ...common,
      rules,
      title: "Gradient norm",
      note: "Falls as the loss does, or stays level. Jumps of more than ten times are batches that pull hard: clip them (--clip-norm). Close to zero from the start: nothing is learnt.",
      series: series("gradient", ({ gradient }) => gradient),
    },
    {
      ...common,
      rules,
      title: "Update over weight",
      note: "How far a step moves the weights, as a share of their size. About 0.001 is usual: far above it the rate is high, far below it little is learnt.",
      series: series("update over weight", ({ updateShare }) => updateShare),
      level: { y: USUAL_SHARE, label: "usual" },
    },
    {
      ...common,
      rules,
      title: "Weight norm",
      note: "Moves little in fine-tuning and grows slowly from random weights. Where it grows without end, a lower rate or weight decay (--decay) holds it.",
      series: series("weight", ({ weight }) => weight),
    },
  ];
  return charts.filter((chart) => chart.series.length > 0);
}
