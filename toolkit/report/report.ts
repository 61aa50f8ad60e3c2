import type { Chart } from "./chart.ts";
import { chartSvg, runCharts } from "./chart.ts";
import { confusionFigure } from "./confusion-figure.ts";
import type { Metrics } from "./metrics.ts";
import { confusedPairs } from "./metrics.ts";
import type { Markup } from "./page.ts";
import { html, page, trusted } from "./page.ts";
import type { Picture } from "./picture.ts";
import { dataUri } from "./picture.ts";
import { REPORT_CSS } from "./report-css.ts";
import type { RunReport } from "./run-report.ts";

/** A validation photo that the model got wrong. */
export interface Mistake {
  /** Best a small one: it goes into the file as it is. */
  readonly picture: Picture;
  readonly file: string;
  readonly actual: string;
  readonly predicted: string;
  /** Of the predicted class, 0..1. */
  readonly probability: number;
}

export interface ReportOptions {
  /** The mistakes to show, worst first. */
  readonly worst?: readonly Mistake[];
}

/** The run as one HTML file that needs nothing else: no scripts, no addresses; light and dark, narrow and wide. */
export async function reportHtml(report: RunReport, { worst = [] }: ReportOptions = {}): Promise<string> {
  const figures = await Promise.all(runCharts(report).map(chartFigure));
  const gallery = await Promise.all(worst.map(mistakeFigure));
  const { metrics, classes } = report;
  const body = html`<header>
      <h1>${report.title}</h1>
      <p class="lead">${verdict(report)}</p>
      ${metrics && tiles(report, metrics)}
    </header>
    <main>
      ${figures.length > 0 && training(report, figures)} ${metrics && mistakes(metrics, classes, gallery)}
      ${metrics && perClass(metrics, classes)} ${aboutRun(report)} ${badFiles(report)}
    </main>
    <footer>
      <p>
        ${report.finishedAt && `Finished ${report.finishedAt}. `}Made by onnx-graft; the same numbers stand in
        report.json.
      </p>
    </footer>`;
  return page(`${report.title} - training report`, REPORT_CSS, body);
}

/** A chart with its title and the key to its lines. */
export async function chartFigure(chart: Chart): Promise<Markup> {
  const svg = trusted(await chartSvg(chart));
  const keys = chart.series.length > 1 && chart.series.map((s) => html`<span class="key ${s.tone}">${s.name}</span>`);
  return html`<figure>
    <figcaption>
      <h3>${chart.title}</h3>
      ${keys}
    </figcaption>
    ${svg}
  </figure>`;
}

/** A rate 0..1 as text: "97.4 %". */
export function percent(rate: number | null | undefined, digits = 1): string {
  return rate === null || rate === undefined || Number.isNaN(rate) ? "–" : `${(rate * 100).toFixed(digits)} %`;
}

function verdict(report: RunReport): Markup {
  const epochs = report.stages.flatMap((s) => s.epochs);
  const seconds = epochs.reduce((sum, e) => sum + e.seconds, 0);
  const time = `${epochs.length} ${epochs.length === 1 ? "epoch" : "epochs"}, ${duration(seconds)}`;
  const base = html`${report.model}, ${report.stages.map((s) => s.mode).join(" then ")}, ${report.classes.length}
  classes, ${report.trainImages} training photos, ${time}.`;
  if (!report.metrics) return base;
  const { count, top1Error } = report.metrics;
  const wrong = Math.round(count * top1Error);
  return html`<strong>${count - wrong} of ${count} validation photos right</strong>, ${wrong === 0 ? "none" : wrong}
    wrong. ${base}`;
}

function tiles(report: RunReport, metrics: Metrics): Markup {
  const speeds = report.stages.flatMap((s) => s.epochs).map((e) => e.imagesPerSecond);
  const best = speeds.length > 0 ? Math.max(...speeds) : null;
  const many = report.classes.length > 5;
  const items: [string, string, string][] = [
    ["Accuracy", percent(metrics.accuracy), `top-1 error ${percent(metrics.top1Error)}`],
    ...(many
      ? [["Top-5 error", percent(metrics.top5Error), "lower is better"] satisfies [string, string, string]]
      : []),
    ["Macro F1", metrics.macroF1.toFixed(3), "mean over classes"],
    ["Log loss", metrics.logLoss.toFixed(3), "nats, lower is better"],
    ["Calibration error", percent(metrics.calibrationError), "confidence against accuracy"],
    ...(best === null
      ? []
      : [
          ["Speed", `${best.toFixed(best < 10 ? 1 : 0)}`, "photos a second, best epoch"] satisfies [
            string,
            string,
            string,
          ],
        ]),
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
      const loss = (v: number | null) => (v === null ? "–" : v.toFixed(4));
      return html`<tr>
        <th scope="row">${number}</th>
        <td class="text">${stage.mode}</td>
        <td>${loss(e.trainLoss)}</td>
        <td>${percent(e.trainAccuracy)}</td>
        <td>${loss(e.loss)}</td>
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

function mistakes(metrics: Metrics, classes: readonly string[], gallery: readonly Markup[]): Markup {
  const pairs = confusedPairs(metrics.confusion, 8);
  const most = pairs[0]?.count ?? 1;
  const name = (i: number) => classes[i] ?? `class ${i}`;
  return html`<section aria-labelledby="mistakes">
    <h2 id="mistakes">Where it goes wrong</h2>
    <div class="split">
      ${confusionFigure(metrics.confusion, classes)}
      <div>
        <h3>Most confused</h3>
        ${
          pairs.length === 0
            ? html`<p class="note">No photo was taken for another class.</p>`
            : html`<ol class="pairs">
                ${pairs.map(
                  (p) =>
                    html`<li style="--share:${((100 * p.count) / most).toFixed(0)}%">
                      <span>${name(p.actual)} <span class="note">taken for</span> ${name(p.predicted)}</span
                      ><b>${p.count}</b>
                    </li>`,
                )}
              </ol>`
        }
      </div>
    </div>
    ${
      gallery.length > 0 &&
      html`<h3 class="gap">Worst mistakes</h3>
        <ul class="gallery">
          ${gallery}
        </ul>`
    }
  </section>`;
}

async function mistakeFigure({ picture, file, actual, predicted, probability }: Mistake): Promise<Markup> {
  const uri = await dataUri(picture);
  const small = !(picture instanceof Uint8Array) && picture.width < 64;
  const image = uri
    ? html`<img src="${uri}" alt="${actual}, taken for ${predicted}" class="${small && "small"}" />`
    : html`<span class="blank">no preview</span>`;
  return html`<li>
    ${image}
    <p><b class="wrong">${predicted}</b> ${percent(probability, 0)}</p>
    <p>is ${actual}</p>
    <p class="note file" title="${file}">${file}</p>
  </li>`;
}

function perClass(metrics: Metrics, classes: readonly string[]): Markup {
  const rows = metrics.perClass
    .map((c, i) => ({ ...c, name: classes[i] ?? `class ${i}` }))
    .sort((a, b) => (a.f1 ?? 2) - (b.f1 ?? 2) || b.support - a.support);
  const bar = (v: number | null) =>
    html`<td><span class="bar" style="--share:${((v ?? 0) * 100).toFixed(0)}%">${percent(v)}</span></td>`;
  return html`<section aria-labelledby="classes">
    <h2 id="classes">Every class</h2>
    <p class="note">
      Weakest first. Precision: of the photos given this label, how many are right. Recall: of the photos of this class,
      how many were found.
    </p>
    <div class="scroll tall" tabindex="0" role="region" aria-label="Measures of every class">
      <table class="wide">
        <thead>
          <tr>
            <th scope="col" class="text">Class</th>
            <th scope="col">Precision</th>
            <th scope="col">Recall</th>
            <th scope="col">F1</th>
            <th scope="col">Photos</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (r) =>
              html`<tr>
                <th scope="row" class="text">${r.name}</th>
                ${bar(r.precision)}${bar(r.recall)}${bar(r.f1)}
                <td>${r.support}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

function aboutRun(report: RunReport): Markup {
  const { parity } = report;
  const list = (entries: Readonly<Record<string, unknown>>) =>
    html`<dl class="pairs-list">
      ${Object.entries(entries).map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${value === null ? "–" : String(value)}</dd>
          </div>`,
      )}
    </dl>`;
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
        ${list(report.settings)}
      </div>
      <div>
        <h3>Versions</h3>
        ${list(report.versions)}
      </div>
    </div>
  </section>`;
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
