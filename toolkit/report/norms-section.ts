import { chartFigure } from "./chart-figure.ts";
import { formatValue } from "./chart.ts";
import { normCharts } from "./norm-charts.ts";
import type { Markup } from "./page.ts";
import { html } from "./page.ts";
import type { LayerRecord, NormRecord } from "./run-report.ts";

/** Gradients, weights and updates: as curves, and by parameter. */
export async function normsSection(
  norms: readonly NormRecord[],
  layers: readonly LayerRecord[],
): Promise<Markup | false> {
  const figures = await Promise.all(normCharts(norms).map(chartFigure));
  if (figures.length === 0) return false;
  return html`<section aria-labelledby="norms">
    <h2 id="norms">Gradients and weights</h2>
    <p class="note">
      Euclidean norms over everything that was trained, on log scales, at ${norms.length}
      ${norms.length === 1 ? "step" : "steps"}.
    </p>
    <div class="charts">${figures}</div>
    ${layers.length > 0 && layerTable(layers)}
  </section>`;
}

function layerTable(layers: readonly LayerRecord[]): Markup {
  const stages = new Set(layers.map(({ mode }) => mode));
  return html`<details>
    <summary>Every parameter as a table</summary>
    <p class="note gap">
      At the first and the last of these steps; the update is the median of all. Weights of one layer that moves a
      hundred times more, or less, than the others are worth a look.
    </p>
    <div class="scroll tall" tabindex="0" role="region" aria-label="Norms of every parameter">
      <table>
        <thead>
          <tr>
            <th scope="col" class="text">Parameter</th>
            ${stages.size > 1 && html`<th scope="col" class="text">Stage</th>`}
            <th scope="col">Gradient, first</th>
            <th scope="col">last</th>
            <th scope="col">Weight, first</th>
            <th scope="col">last</th>
            <th scope="col">Update over weight</th>
          </tr>
        </thead>
        <tbody>
          ${layers.map(
            ({ mode, parameter, gradient, weight, updateShare }) =>
              html`<tr>
                <th scope="row" class="text">${parameter}</th>
                ${stages.size > 1 && html`<td class="text">${mode}</td>`}
                ${[...gradient, ...weight, updateShare].map((value) => html`<td>${numberText(value)}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </details>`;
}

function numberText(value: number | null): string {
  return value === null || !Number.isFinite(value) ? "–" : formatValue(value, false);
}
