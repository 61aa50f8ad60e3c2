import type { Chart, Series } from "./chart.ts";
import { describeChart, formatValue, logDomain, wholeTicks, xDomain } from "./chart.ts";
import type { Markup } from "./page.ts";
import { html, trusted } from "./page.ts";

/** Colours of the tones; the custom properties let a page set them for light and dark. */
const TONES = {
  train: "var(--train, #c2710c)",
  validation: "var(--validation, #1463c4)",
  plain: "var(--validation, #1463c4)",
} as const;

/** A chart with its title and the key to its lines. */
export async function chartFigure(chart: Chart): Promise<Markup> {
  const svg = trusted(await chartSvg(chart));
  // lines of one tone are told apart by where they are
  const tones = new Set(chart.series.map((s) => s.tone));
  const keys = tones.size > 1 && chart.series.map((s) => html`<span class="key ${s.tone}">${s.name}</span>`);
  return html`<figure>
    <figcaption>
      <h3>${chart.title}</h3>
      ${keys}
    </figcaption>
    ${svg} ${chart.note !== undefined && html`<p class="note">${chart.note}</p>`}
  </figure>`;
}

/** The chart as one SVG element, 440 by 240 units, without scripts or addresses. */
export async function chartSvg(chart: Chart): Promise<string> {
  // both are slow to load and only a report needs them
  const [Plot, { parseHTML }] = await Promise.all([import("@observablehq/plot"), import("linkedom")]);
  const { document } = parseHTML("<html></html>") as unknown as { readonly document: Document };
  const points = chart.series.flatMap((s) => s.points.map(([x, y]) => ({ x, y, name: s.name, tone: s.tone })));
  const few = points.length <= 60;
  const [left, right] = xDomain(chart);
  const plot = Plot.plot({
    document,
    width: 440,
    height: 240,
    marginTop: 22,
    marginRight: 16,
    marginBottom: 38,
    marginLeft: 52,
    style: { fontSize: "12px", overflow: "visible" },
    ariaLabel: describeChart(chart),
    x: xScale(chart),
    y: {
      label: null,
      ...yScale(chart),
      nice: true,
      ticks: 5,
      tickFormat: (y: number) => formatValue(y, chart.percent),
      tickSize: 0,
      grid: true,
    },
    marks: [
      ...(chart.level
        ? [
            Plot.ruleY([chart.level], { y: "y", stroke: "currentColor", strokeOpacity: 0.5, strokeDasharray: "2,3" }),
            Plot.text([chart.level], { y: "y", text: "label", frameAnchor: "right", dy: -7, fillOpacity: 0.75 }),
          ]
        : []),
      Plot.ruleX(chart.rules, { x: "x", stroke: "currentColor", strokeOpacity: 0.35, strokeDasharray: "2,3" }),
      // a name that begins near the right edge would run out of the chart
      ...([1, -1] as const).map((side) =>
        Plot.text(
          chart.rules.filter((rule) => side === (rule.x > left + 0.8 * (right - left) ? -1 : 1)),
          {
            x: "x",
            text: "label",
            frameAnchor: "top",
            textAnchor: side === 1 ? "start" : "end",
            dx: 4 * side,
            dy: -16,
            fillOpacity: 0.75,
          },
        ),
      ),
      ...chart.series.map((s) =>
        Plot.line(s.points, {
          x: (p: readonly number[]) => p[0],
          y: (p: readonly number[]) => p[1],
          stroke: TONES[s.tone],
          strokeWidth: few ? 2 : 1.25,
          ...(few && s.tone === "train" ? { strokeDasharray: "5,3" } : {}),
        }),
      ),
      ...(few
        ? [Plot.dot(points, { x: "x", y: "y", r: 3, fill: (p: { tone: Series["tone"] }) => TONES[p.tone] })]
        : []),
    ],
    color: { type: "identity" },
  });
  plot.setAttribute("role", "img");
  return plot.outerHTML;
}

function xScale(chart: Chart): object {
  const [left, right] = xDomain(chart);
  return {
    label: chart.xLabel,
    labelArrow: "none",
    labelAnchor: "center",
    domain: [left, right],
    ticks: chart.wholeX ? wholeTicks(left, right) : 6,
    tickFormat: (x: number) => String(x),
    tickSize: 0,
  };
}

function yScale(chart: Chart): object {
  if (chart.log) return { type: "log", domain: logDomain(chart) };
  const values = chart.series.flatMap((s) => s.points.map(([, y]) => y));
  return chart.percent ? { domain: [Math.min(...values), 1] } : { zero: true };
}
