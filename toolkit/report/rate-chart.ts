import type { Chart } from "./chart.ts";
import { chartFigure } from "./chart-figure.ts";
import { html, page } from "./page.ts";

/** A range test of the learning rate, as it is drawn. */
export interface RateCurve {
  readonly points: readonly { readonly rate: number; readonly smoothed: number }[];
  readonly lowest: number | undefined;
  readonly suggestion: number | undefined;
}

/** Losses higher than this many times the first are cut off: the curve goes up without end. */
const HIGHEST = 2;

/** The smoothed loss over the rate, as a power of ten; where it is lowest and the suggestion are marked. */
export function rateChart({ points, lowest, suggestion }: RateCurve): Chart {
  const top = HIGHEST * (points[0]?.smoothed ?? 0);
  const shown = points.filter(({ smoothed }) => Number.isFinite(smoothed) && smoothed <= top);
  const rules = [
    [suggestion, "chosen"],
    [lowest, "lowest"],
  ] as const;
  return {
    title: "Smoothed loss",
    xLabel: "learning rate, power of ten",
    percent: false,
    wholeX: true,
    series: [{ name: "loss", tone: "plain", points: shown.map((p) => [Math.log10(p.rate), p.smoothed] as const) }],
    rules: rules.flatMap(([rate, label]) => (rate === undefined ? [] : [{ x: Math.log10(rate), label }])),
  };
}

/** The chart as a page of its own, with what it suggests in words. */
export async function ratePage(curve: RateCurve, title: string): Promise<string> {
  const { suggestion } = curve;
  const said =
    suggestion === undefined
      ? "The loss falls at no rate that was tried."
      : `Suggested: ${Number(suggestion.toPrecision(2))}, a tenth of the rate at which the smoothed loss is lowest.`;
  const figure = await chartFigure(rateChart(curve));
  return page(
    title,
    "",
    html`<header><h1>${title}</h1></header>
      <main>
        <section>
          <p class="lead">${said}</p>
          ${figure}
        </section>
      </main>`,
  );
}
