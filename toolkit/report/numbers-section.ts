import { formatValue } from "./chart.ts";
import type { Markup } from "./page.ts";
import { html, trusted } from "./page.ts";
import type { NumberRecord, NumbersRecord } from "./run-report.ts";

/** How each column of numbers is predicted: a table, and predicted beside true for some photos. */
export async function numbersSection({ columns }: NumbersRecord): Promise<Markup> {
  const figures = await Promise.all(columns.filter(({ points }) => points.length > 0).map(scatterFigure));
  return html`<section aria-labelledby="numbers">
    <h2 id="numbers">Numbers</h2>
    <p class="note">
      In the units of the table. MAE: mean absolute error. RMSE: root of the mean squared error. R²: share of the
      variance that is predicted; always saying the mean gives 0.
    </p>
    <div class="scroll" tabindex="0" role="region" aria-label="Measures of every column">
      <table>
        <thead>
          <tr>
            <th scope="col" class="text">Column</th>
            <th scope="col">MAE</th>
            <th scope="col">RMSE</th>
            <th scope="col">R²</th>
            <th scope="col">Photos</th>
          </tr>
        </thead>
        <tbody>
          ${columns.map(
            (c) =>
              html`<tr>
                <th scope="row" class="text">${c.name}</th>
                <td>${formatValue(c.mae, false)}</td>
                <td>${formatValue(c.rmse, false)}</td>
                <td>${c.r2 === null ? "–" : c.r2.toFixed(3)}</td>
                <td>${c.count}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <div class="charts">${figures}</div>
  </section>`;
}

/** Predicted over true, with the line on which both are the same. */
async function scatterFigure({ name, points }: NumberRecord): Promise<Markup> {
  // both are slow to load and only a report needs them
  const [Plot, { parseHTML }] = await Promise.all([import("@observablehq/plot"), import("linkedom")]);
  const { document } = parseHTML("<html></html>") as unknown as { readonly document: Document };
  const values = points.flat();
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const axis = { tickFormat: (v: number) => formatValue(v, false), tickSize: 0, ticks: 5, nice: true };
  const plot = Plot.plot({
    document,
    width: 440,
    height: 240,
    marginRight: 16,
    marginBottom: 38,
    marginLeft: 58,
    style: { fontSize: "12px", overflow: "visible" },
    ariaLabel: `${name}: predicted over true for ${points.length} photos`,
    x: { ...axis, label: "true", labelArrow: "none", labelAnchor: "center" },
    y: { ...axis, label: "predicted", labelArrow: "none", grid: true },
    marks: [
      Plot.line(
        [
          [least, least],
          [most, most],
        ],
        { stroke: "currentColor", strokeOpacity: 0.35, strokeDasharray: "2,3" },
      ),
      Plot.dot(
        points.map(([truth, predicted]) => ({ truth, predicted })),
        { x: "truth", y: "predicted", r: 2.5, fill: "var(--validation, #1463c4)", fillOpacity: 0.6 },
      ),
    ],
  });
  plot.setAttribute("role", "img");
  return html`<figure>
    <figcaption><h3>${name}</h3></figcaption>
    ${trusted(plot.outerHTML)}
  </figure>`;
}
