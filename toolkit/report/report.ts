import { chartFigure } from "./chart-figure.ts";
import { checksSection } from "./checks-section.ts";
import { formatValue, runCharts } from "./chart.ts";
import { dataSection } from "./data-section.ts";
import { filtersSection } from "./filters-section.ts";
import type { FirstFilters } from "./first-filters.ts";
import type { Metrics } from "./metrics.ts";
import { normsSection } from "./norms-section.ts";
import type { Markup } from "./page.ts";
import { html, page } from "./page.ts";
import { REPORT_CSS } from "./report-css.ts";
import type { Mistake } from "./results-section.ts";
import { classesSection, labelsSection, mistakeFigure, mistakesSection, percent } from "./results-section.ts";
import { numbersSection } from "./numbers-section.ts";
import type { NumbersRecord, RunReport, SeveralRecord, Setting } from "./run-report.ts";

export type { Mistake };
export type { RunReport };

export interface ReportOptions {
  /** The mistakes to show, worst first. */
  readonly worst?: readonly Mistake[];
  readonly filters?: FirstFilters | undefined;
}

/** The run as one HTML file that needs nothing else: no scripts, no addresses; light and dark, narrow and wide. */
export async function reportHtml(report: RunReport, { worst = [], filters }: ReportOptions = {}): Promise<string> {
  const figures = await Promise.all(runCharts(report).map(chartFigure));
  const gallery = await Promise.all(worst.map(mistakeFigure));
  const { metrics, several, classes } = report;
  const norms = await normsSection(report.norms ?? [], report.layers ?? []);
  const looked = filters && (await filtersSection(filters));
  const numbers = report.numbers ? await numbersSection(report.numbers) : null;
  const body = html`<header>
      <h1>${report.title}</h1>
      <p class="lead">${verdict(report)}</p>
      ${metrics && tiles(scoreTiles(report, metrics), report)} ${several && tiles(severalTiles(several), report)}
      ${!metrics && !several && report.numbers && tiles(numbersTiles(report.numbers), report)}
    </header>
    <main>
      ${figures.length > 0 && training(report, figures)} ${report.checks?.length && checksSection(report.checks)}
      ${metrics && mistakesSection(metrics, classes, gallery)} ${metrics && classesSection(metrics, classes)}
      ${several && labelsSection(several, classes)} ${numbers} ${norms} ${looked}
      ${report.data && dataSection(report.data)} ${aboutRun(report)} ${badFiles(report)}
    </main>
    <footer>
      <p>
        ${report.finishedAt && `Finished ${report.finishedAt}. `}Made by onnx-graft; the same numbers stand in
        report.json.
      </p>
    </footer>`;
  return page(`${report.title} - training report`, REPORT_CSS, body);
}

function verdict(report: RunReport): Markup {
  const epochs = report.stages.flatMap((s) => s.epochs);
  const seconds = epochs.reduce((sum, e) => sum + e.seconds, 0);
  const time = `${epochs.length} ${epochs.length === 1 ? "epoch" : "epochs"}, ${duration(seconds)}`;
  const { classes, numbers } = report;
  const about = classes.length > 0 ? `${classes.length} classes` : numbersText(numbers?.columns.length ?? 0);
  const base = html`${report.model}, ${report.stages.map((s) => s.mode).join(" then ")}, ${about}, ${report.trainImages}
  training photos, ${time}.`;
  if (report.heads)
    return html`<strong>${report.heads.map((h) => `${h.name}: ${h.score}`).join("; ")}.</strong> ${base}`;
  if (report.numbers) {
    const { r2, count } = report.numbers;
    return html`<strong>R² ${r2 === null ? "–" : r2.toFixed(3)} on ${count} validation photos.</strong> ${base}`;
  }
  if (report.several) {
    const { meanAveragePrecision, count } = report.several;
    return html`<strong>Mean average precision ${percent(meanAveragePrecision)} on ${count} validation photos.</strong>
      ${base}`;
  }
  if (!report.metrics) return base;
  const { count, top1Error } = report.metrics;
  const wrong = Math.round(count * top1Error);
  return html`<strong>${count - wrong} of ${count} validation photos right</strong>, ${wrong === 0 ? "none" : wrong}
    wrong. ${base}`;
}

function numbersText(columns: number): string {
  return `${columns} ${columns === 1 ? "column" : "columns"} of numbers`;
}

type Tile = [name: string, value: string, note: string];

function scoreTiles({ classes }: RunReport, metrics: Metrics): readonly Tile[] {
  const many = classes.length > 5;
  return [
    ["Accuracy", percent(metrics.accuracy), `top-1 error ${percent(metrics.top1Error)}`],
    ...(many ? [["Top-5 error", percent(metrics.top5Error), "lower is better"] satisfies Tile] : []),
    ["Macro F1", metrics.macroF1.toFixed(3), "mean over classes"],
    ["Log loss", metrics.logLoss.toFixed(3), "nats, lower is better"],
    ["Calibration error", percent(metrics.calibrationError), "confidence against accuracy"],
  ];
}

function numbersTiles({ mae, rmse, r2, columns }: NumbersRecord): readonly Tile[] {
  const note = columns.length > 1 ? "mean over columns" : (columns[0]?.name ?? "");
  return [
    ["R²", r2 === null ? "–" : r2.toFixed(3), note],
    ["Mean absolute error", formatValue(mae, false), note],
    ["RMSE", formatValue(rmse, false), note],
  ];
}

function severalTiles({ meanAveragePrecision, microF1, macroF1, loss }: SeveralRecord): readonly Tile[] {
  return [
    ["Mean average precision", percent(meanAveragePrecision), "mean over classes"],
    ["Micro F1", microF1.toFixed(3), "all labels together"],
    ["Macro F1", macroF1.toFixed(3), "mean over classes"],
    ["Log loss", loss.toFixed(3), "nats a label, lower is better"],
  ];
}

function tiles(scores: readonly Tile[], { stages }: RunReport): Markup {
  // an earlier stage may have read features that were known, hundreds of times as fast
  const speeds = (stages.at(-1)?.epochs ?? []).map((e) => e.imagesPerSecond);
  const best = speeds.length > 0 ? Math.max(...speeds) : null;
  const items: Tile[] = [
    ...scores,
    ...(best === null
      ? []
      : [["Speed", best.toFixed(best < 10 ? 1 : 0), "photos a second, best epoch"] satisfies Tile]),
  ];
  return html`<dl class="tiles">
    ${items.map(
      ([name, value, note]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
          <dd class="note">${note}</dd>
        </div>`,
    )}
  </dl>`;
}

function training(report: RunReport, figures: readonly Markup[]): Markup {
  let number = 0;
  const rows = report.stages.flatMap((stage) =>
    stage.epochs.map((e) => {
      number++;
      return html`<tr>
        <th scope="row">${number}</th>
        <td class="text">${stage.mode}</td>
        <td>${lossText(e.trainLoss)}</td>
        <td>${percent(e.trainAccuracy)}</td>
        <td>${lossText(e.loss)}</td>
        <td>${percent(e.accuracy)}</td>
        <td>${e.rate.toPrecision(2)}</td>
        <td>${e.imagesPerSecond.toFixed(1)}</td>
        <td>${e.seconds.toFixed(1)}</td>
      </tr>`;
    }),
  );
  return html`<section aria-labelledby="training">
    <h2 id="training">Training</h2>
    <div class="charts">${figures}</div>
    ${
      rows.length > 0 &&
      html`<details>
        <summary>Every epoch as a table</summary>
        <div class="scroll" tabindex="0" role="region" aria-label="Every epoch">
          <table>
            <thead>
              <tr>
                <th scope="col">Epoch</th>
                <th scope="col" class="text">Mode</th>
                <th scope="col">Training loss</th>
                <th scope="col">Training accuracy</th>
                <th scope="col">Loss</th>
                <th scope="col">Accuracy</th>
                <th scope="col">Rate</th>
                <th scope="col">Photos/s</th>
                <th scope="col">Seconds</th>
              </tr>
            </thead>
            <tbody>
              ${rows}
            </tbody>
          </table>
        </div>
      </details>`
    }
  </section>`;
}

function lossText(loss: number | null): string {
  return loss === null ? "–" : loss.toFixed(4);
}

function aboutRun(report: RunReport): Markup {
  const { parity } = report;
  return html`<section aria-labelledby="run">
    <h2 id="run">This run</h2>
    ${
      parity &&
      html`<p class="check ${parity.flips === 0 ? "good" : "bad"}">
        <b>${parity.flips === 0 ? "Export checked" : "Export differs"}:</b> model.onnx on ${parity.provider} against the
        training graph, ${parity.images} photos: largest difference of a probability
        ${parity.maxDifference.toExponential(1)}, ${parity.flips === 0 ? "no decision" : `${parity.flips} decisions`}
        changed.
      </p>`
    }
    <div class="columns">
      <div>
        <h3>Settings</h3>
        ${settingList(report.settings)}
      </div>
      <div>
        <h3>Versions</h3>
        ${settingList(report.versions)}
      </div>
    </div>
  </section>`;
}

function settingList(settings: Readonly<Record<string, Setting>>): Markup {
  const rows = Object.entries(settings).map(
    ([name, value]) =>
      html`<div>
        <dt>${name}</dt>
        <dd>${value === null ? "–" : String(value)}</dd>
      </div>`,
  );
  return html`<dl class="pairs-list">${rows}</dl>`;
}

function badFiles({ badFiles: bad }: RunReport): Markup | null {
  if (bad.length === 0) return null;
  return html`<section aria-labelledby="bad">
    <h2 id="bad">Files left out: ${bad.length}</h2>
    <div class="scroll tall" tabindex="0" role="region" aria-label="Files left out">
      <table>
        <thead>
          <tr>
            <th scope="col" class="text">File</th>
            <th scope="col" class="text">Why</th>
          </tr>
        </thead>
        <tbody>
          ${bad.map(
            (b) =>
              html`<tr>
                <th scope="row" class="text">${b.file}</th>
                <td class="text">${b.message} <span class="note">${b.code}</span></td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60
    ? `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
