import { formatValue } from "./chart.ts";
import type { Markup } from "./page.ts";
import { html, trusted } from "./page.ts";
import type { SweepReport, SweptSetting } from "./sweep-report.ts";
import { sweptScale } from "./swept-scale.ts";

/** What every trial came to over one of its settings: where the good ones lie, and whether they lie at an end of the range. */
export async function sliceFigure(report: SweepReport, axis: SweptSetting): Promise<Markup> {
  const [Plot, { parseHTML }] = await Promise.all([import("@observablehq/plot"), import("linkedom")]);
  const { document } = parseHTML("<html></html>") as unknown as { readonly document: Document };
  const scale = sweptScale(axis);
  const points = report.rows.flatMap(({ values, quality }, i) => {
    const value = values[axis.name];
    return value === undefined || !quality ? [] : [{ x: scale.at(value), y: quality.mean, isBest: i === 0 }];
  });
  const few = scale.ticks.length <= 6 ? scale.ticks : scale.ticks.filter((_, i) => i % 2 === 0);
  const texts = new Map(few.map(({ at, text }) => [at, text]));
  const plot = Plot.plot({
    document,
    width: 440,
    height: 240,
    marginTop: 16,
    marginRight: 24,
    marginBottom: 38,
    marginLeft: 56,
    style: { fontSize: "12px", overflow: "visible" },
    ariaLabel: `${report.metric} of ${points.length} trials over ${axis.name}`,
    x: {
      label: axis.name,
      labelArrow: "none",
      labelAnchor: "center",
      domain: [-0.03, 1.03],
      ticks: [...texts.keys()],
      tickFormat: (at: number) => texts.get(at) ?? "",
      tickSize: 0,
    },
    y: { label: null, nice: true, ticks: 5, tickFormat: (y: number) => formatValue(y, true), tickSize: 0, grid: true },
    marks: [
      Plot.dot(points, {
        x: "x",
        y: "y",
        r: (p: { isBest: boolean }) => (p.isBest ? 6 : 3.5),
        fill: (p: { isBest: boolean }) => (p.isBest ? "var(--train, #c2710c)" : "var(--validation, #1463c4)"),
        fillOpacity: 0.75,
      }),
    ],
    r: { type: "identity" },
    color: { type: "identity" },
  });
  plot.setAttribute("role", "img");
  return html`<figure>
    <figcaption><h3>${axis.name}</h3></figcaption>
    ${trusted(plot.outerHTML)}
  </figure>`;
}
