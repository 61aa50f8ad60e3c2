import type { Markup } from "./page.ts";
import { html, page } from "./page.ts";
import { parallelCoordinates } from "./parallel-coordinates.ts";
import { REPORT_CSS } from "./report-css.ts";
import { qualityCell } from "./quality-cell.ts";
import type { Setting } from "./run-report.ts";
import { sliceFigure } from "./slice-figure.ts";
import type { SeedSpread, SweepReport, SweepRow } from "./sweep-report.ts";
import { valueText } from "./swept-scale.ts";

/** A sweep as one HTML file that needs nothing else: no scripts, no addresses; light and dark, narrow and wide. */
export async function sweepHtml(report: SweepReport): Promise<string> {
  const { title, rows, axes, finishedAt, status } = report;
  const [best] = rows;
  const isDrawn = best?.quality !== undefined && best.quality !== null;
  const lines = isDrawn ? await parallelCoordinates(report) : null;
  const slices = isDrawn ? await Promise.all(axes.map((axis) => sliceFigure(report, axis))) : [];
  const body = html`<header>
      <h1>${title}</h1>
      <p class="lead">${verdict(report)}</p>
    </header>
    <main>
      ${
        lines &&
        html`<section aria-labelledby="plots">
          <h2 id="plots">Where the good ones are</h2>
          <p class="note">${closeness(report)}</p>
          ${lines}
          <div class="charts">${slices}</div>
        </section>`
      }
      ${trials(report)} ${shared(report)}
    </main>
    <footer>
      <p>
        ${status === "stopped" && "Stopped before the end. "}${finishedAt && `Finished ${finishedAt}. `}Made by
        onnx-graft; the same numbers stand in results.json, every trial in trials.jsonl, the best settings in best.json.
      </p>
    </footer>`;
  return page(`${title} - sweep`, REPORT_CSS, body);
}

function verdict({ rows, metric, model, method, seeds, axes, trainImages, validationImages }: SweepReport): Markup {
  const over = axes.map(({ name }) => name).join(", ");
  const each = seeds === 1 ? "" : `, ${seeds} seeds each`;
  const base = `${rows.length} ${method === "grid" ? "points of a grid" : "points drawn at random"} over ${over}${each}; ${model}, ${trainImages} training photos`;
  const [best] = rows;
  if (!best?.quality) return html`<strong>No trial came to an end.</strong> ${base}.`;
  return html`<strong
      >${upperFirst(metric)} ${spreadText(best.quality, metric)} on ${validationImages} validation photos, with
      ${settingsText(best)}.</strong
    >
    ${base}.`;
}

/** What the reader must know of a best among many. */
function closeness({ close, rows, validationImages }: SweepReport): string {
  const several =
    close > 1
      ? `${close} of ${rows.length} are within one standard error of the best: ${validationImages} photos cannot tell them apart.`
      : "No other is within one standard error of the best.";
  return `${several} The best of many is a little lucky: expect less on photos that decided nothing.`;
}

function trials({ axes, rows, metric, seeds }: SweepReport): Markup {
  const halved = rows.some(({ epochs }) => epochs !== null);
  const lines = rows.map(
    (row, i) =>
      html`<tr>
        <th scope="row">${i + 1}</th>
        <td>${row.quality ? spreadText(row.quality, metric) : "failed"}</td>
        <td>${row.loss ? row.loss.mean.toFixed(4) : "–"}</td>
        ${axes.map(({ name }) => html`<td>${valueText(row.values[name] ?? null)}</td>`)}
        ${halved && html`<td>${row.epochs ?? "–"}</td>`}
        <td>${row.seconds.toFixed(1)}</td>
        <td>${row.number}</td>
        <td class="text">${failures(row, seeds)}</td>
      </tr>`,
  );
  return html`<section aria-labelledby="trials">
    <h2 id="trials">Every trial, best first</h2>
    <div class="scroll tall" tabindex="0" role="region" aria-label="Every trial">
      <table class="wide">
        <thead>
          <tr>
            <th scope="col">Rank</th>
            <th scope="col">${upperFirst(metric)}</th>
            <th scope="col">Loss</th>
            ${axes.map(({ name }) => html`<th scope="col">${name}</th>`)} ${halved && html`<th scope="col">Epochs</th>`}
            <th scope="col">Seconds</th>
            <th scope="col">Drawn</th>
            <th scope="col" class="text">Failed</th>
          </tr>
        </thead>
        <tbody>
          ${lines}
        </tbody>
      </table>
    </div>
  </section>`;
}

function failures({ errors }: SweepRow, seeds: number): string {
  const [first] = errors;
  if (first === undefined) return "";
  return seeds === 1 ? first : `${errors.length} of ${seeds}: ${first}`;
}

function shared({ settings, versions }: SweepReport): Markup {
  return html`<section aria-labelledby="shared">
    <h2 id="shared">What all trials share</h2>
    <div class="columns">
      <div>
        <h3>Settings</h3>
        ${list(settings)}
      </div>
      <div>
        <h3>Versions</h3>
        ${list(versions)}
      </div>
    </div>
  </section>`;
}

function list(entries: Readonly<Record<string, Setting>>): Markup {
  return html`<dl class="pairs-list">
    ${Object.entries(entries).map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${valueText(value)}</dd>
        </div>`,
    )}
  </dl>`;
}

function spreadText({ mean, deviation }: SeedSpread, metric: string): string {
  const text = qualityCell(mean, metric);
  return deviation === null ? text : `${text} ± ${qualityCell(deviation, metric)}`;
}

function settingsText({ values }: SweepRow): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${valueText(value)}`)
    .join(", ");
}

function upperFirst(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
