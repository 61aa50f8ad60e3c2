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
export function classesSection({ perClass }: Metrics, classes: readonly string[]): Markup {
  const note =
    "Precision: of the photos given this label, how many are right. Recall: of the photos of this class, how many were found.";
  const rows = named(perClass, classes).toSorted((a, b) => (a.f1 ?? 2) - (b.f1 ?? 2) || b.support - a.support);
  return measuresSection(note, rows, []);
}

/** Average precision of every class, and precision, recall and F1 at its threshold, weakest first. */
export function labelsSection({ perClass }: SeveralRecord, classes: readonly string[]): Markup {
  const note =
    "Average precision: how far in front its photos stand when all are ranked by its probability. The rest counts a class as found from its threshold on, which is where F1 is best on these photos.";
  const rows = named(perClass, classes).toSorted(
    (a, b) => (a.averagePrecision ?? 2) - (b.averagePrecision ?? 2) || b.support - a.support,
  );
  return measuresSection(note, rows, [
    ["Average precision", (row) => bar(row.averagePrecision)],
    ["Threshold", (row) => html`<td>${row.threshold.toFixed(2)}</td>`],
  ]);
}

type Named<T> = T & { readonly name: string };

function named<T extends object>(perClass: readonly T[], classes: readonly string[]): readonly Named<T>[] {
  return perClass.map((c, i) => ({ ...c, name: classes[i] ?? `class ${i}` }));
}

interface ClassMeasures {
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
  readonly support: number;
}

type Column<Row> = readonly [title: string, cell: (row: Row) => Markup];

/** A row for each class, with `more` columns before those that every class has. */
function measuresSection<Row extends Named<ClassMeasures>>(
  note: string,
  rows: readonly Row[],
  more: readonly Column<Row>[],
): Markup {
  const columns: readonly Column<Row>[] = [
    ...more,
    ["Precision", (row) => bar(row.precision)],
    ["Recall", (row) => bar(row.recall)],
    ["F1", (row) => bar(row.f1)],
    ["Photos", (row) => html`<td>${row.support}</td>`],
  ];
  return html`<section aria-labelledby="classes">
    <h2 id="classes">Every class</h2>
    <p class="note">Weakest first. ${note}</p>
    <div class="scroll tall" tabindex="0" role="region" aria-label="Measures of every class">
      <table class="wide">
        <thead>
          <tr>
            <th scope="col" class="text">Class</th>
            ${columns.map(([title]) => html`<th scope="col">${title}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row) =>
              html`<tr>
                <th scope="row" class="text">${row.name}</th>
                ${columns.map(([, cell]) => cell(row))}
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
