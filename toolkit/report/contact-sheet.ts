import { chartFigure } from "./chart-figure.ts";
import type { Chart } from "./chart.ts";
import { html, page } from "./page.ts";
import type { Markup } from "./page.ts";
import type { Picture } from "./picture.ts";
import { dataUri } from "./picture.ts";

/** A photo that a search found. */
export interface SheetHit {
  /** Best a small one: it goes into the sheet as it is. */
  readonly picture: Picture;
  /** Best first; weights 0..1. */
  readonly labels: readonly { readonly label: string; readonly weight: number }[];
  /** A line below, such as the file's name. */
  readonly caption?: string;
}

export interface SheetSection {
  /** The query. */
  readonly title: string;
  /** A line beside it, such as how many photos were found. */
  readonly note?: string;
  readonly hits: readonly SheetHit[];
}

/** Search results as a page of pictures, with training curves beside them where there are any. */
export interface ContactSheet {
  readonly title: string;
  readonly note?: string;
  readonly sections: readonly SheetSection[];
  readonly charts?: readonly Chart[];
}

/** The sheet as one HTML file that needs nothing else: no scripts, no addresses. */
export async function contactSheetHtml({ title, note, sections, charts = [] }: ContactSheet): Promise<string> {
  const found = await Promise.all(sections.map(section));
  const figures = await Promise.all(charts.map(chartFigure));
  const body = html`<header>
      <h1>${title}</h1>
      ${note !== undefined && html`<p class="lead">${note}</p>`}
    </header>
    <main class="${figures.length > 0 && "beside"}">
      <div>${found}</div>
      ${
        figures.length > 0 &&
        html`<aside>
          <section aria-label="Training">
            <h2>Training</h2>
            <div class="charts">${figures}</div>
          </section>
        </aside>`
      }
    </main>
    <footer><p>Made by onnx-graft.</p></footer>`;
  return page(title, SHEET_CSS, body);
}

async function section({ title, note, hits }: SheetSection): Promise<Markup> {
  const tiles = await Promise.all(hits.map(tile));
  return html`<section>
    <h2><code>${title}</code></h2>
    ${note !== undefined && html`<p class="note">${note}</p>`}
    ${
      hits.length === 0
        ? html`<p class="note">No photo fits.</p>`
        : html`<ul class="hits">
            ${tiles}
          </ul>`
    }
  </section>`;
}

async function tile({ picture, labels, caption }: SheetHit): Promise<Markup> {
  const uri = await dataUri(picture);
  const small = !(picture instanceof Uint8Array) && picture.width < 64;
  const alt = labels.map((l) => l.label).join(", ");
  return html`<li>
    ${uri ? html`<img src="${uri}" alt="${alt}" class="${small && "small"}" />` : html`<span class="blank">no preview</span>`}
    ${labels.map(
      (l) =>
        html`<p class="label" style="--share:${(100 * Math.min(1, Math.max(0, l.weight))).toFixed(0)}%">
          <span title="${l.label}">${l.label}</span><b>${weightText(l.weight)}</b>
        </p>`,
    )}
    ${caption !== undefined && html`<p class="note file" title="${caption}">${caption}</p>`}
  </li>`;
}

/** A weight as text: "0.97". */
export function weightText(weight: number): string {
  return weight.toFixed(2);
}

const SHEET_CSS = `
@media (min-width: 1000px) { main, header, footer { max-width: 1320px; }
  .beside { display: grid; grid-template-columns: minmax(0, 1fr) 380px; gap: 16px; align-items: start; } aside { position: sticky; top: 0; } }
h2 code { font: inherit; }
.hits { list-style: none; margin: 14px 0 0; padding: 0; display: grid; gap: 18px; grid-template-columns: repeat(auto-fill, minmax(118px, 1fr)); }
.hits li { min-width: 0; }
.hits img, .blank { display: grid; place-items: center; width: 100%; aspect-ratio: 1; object-fit: cover; border-radius: 10px;
  background: var(--paper); color: var(--muted); font-size: 14px; margin-bottom: 6px; }
.hits .small { image-rendering: pixelated; }
.label { display: flex; justify-content: space-between; gap: 8px; font-size: 14px; padding: 1px 0 4px; margin-bottom: 2px;
  background: linear-gradient(to right, var(--validation) var(--share), var(--line) 0) bottom / 100% 3px no-repeat; }
.label span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.label b { font-variant-numeric: tabular-nums; font-weight: 600; }
.file { font-size: 13px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
`;
