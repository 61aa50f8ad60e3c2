import { confusionFigure } from "./confusion-figure.ts";
import type { Metrics } from "./metrics.ts";
import { confusedPairs } from "./metrics.ts";
import type { Markup } from "./page.ts";
import { html } from "./page.ts";
import type { Picture } from "./picture.ts";
import { dataUri } from "./picture.ts";
import type { SeveralRecord } from "./run-report.ts";

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

/** A rate 0..1 as text: "97.4 %". */
export function percent(rate: number | null | undefined, digits = 1): string {
  return rate === null || rate === undefined || Number.isNaN(rate) ? "–" : `${(rate * 100).toFixed(digits)} %`;
}

/** What was taken for what: the confusion matrix, the most confused pairs, the worst mistakes. */
export function mistakesSection(metrics: Metrics, classes: readonly string[], gallery: readonly Markup[]): Markup {
  const pairs = confusedPairs(metrics.confusion, classes.length > 16 ? 14 : 8);
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

/** One of the worst mistakes, with its picture. */
export async function mistakeFigure({ picture, file, actual, predicted, probability }: Mistake): Promise<Markup> {
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

/** Precision, recall and F1 of every class, weakest first. */
export function classesSection(metrics: Metrics, classes: readonly string[]): Markup {
  const rows = metrics.perClass
    .map((c, i) => ({ ...c, name: classes[i] ?? `class ${i}` }))
    .sort((a, b) => (a.f1 ?? 2) - (b.f1 ?? 2) || b.support - a.support);
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

/** Average precision of every class, and precision, recall and F1 at its threshold, weakest first. */
export function labelsSection({ perClass }: SeveralRecord, classes: readonly string[]): Markup {
  const rows = perClass
    .map((c, i) => ({ ...c, name: classes[i] ?? `class ${i}` }))
    .sort((a, b) => (a.averagePrecision ?? 2) - (b.averagePrecision ?? 2) || b.support - a.support);
  return html`<section aria-labelledby="classes">
    <h2 id="classes">Every class</h2>
    <p class="note">
      Weakest first. Average precision: how far in front its photos stand when all are ranked by its probability. The
      rest counts a class as found from its threshold on, which is where F1 is best on these photos.
    </p>
    <div class="scroll tall" tabindex="0" role="region" aria-label="Measures of every class">
      <table class="wide">
        <thead>
          <tr>
            <th scope="col" class="text">Class</th>
            <th scope="col">Average precision</th>
            <th scope="col">Threshold</th>
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
                ${bar(r.averagePrecision)}
                <td>${r.threshold.toFixed(2)}</td>
                ${bar(r.precision)}${bar(r.recall)}${bar(r.f1)}
                <td>${r.support}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

function bar(v: number | null): Markup {
  return html`<td><span class="bar" style="--share:${((v ?? 0) * 100).toFixed(0)}%">${percent(v)}</span></td>`;
}
