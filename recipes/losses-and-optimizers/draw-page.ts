import { html, page } from "../../toolkit/report/page.ts";
import type { Markup } from "../../toolkit/report/page.ts";
import { dataUri } from "../../toolkit/report/picture.ts";
import { REPORT_CSS } from "../../toolkit/report/report-css.ts";
import type { Claim } from "../claim.ts";
import { CHART_CSS, lineChart } from "./line-chart.ts";
import type { Figure, PictureFigure, Section, TableFigure } from "./section.ts";

const CSS = `
.keys { display: flex; flex-wrap: wrap; gap: 2px 16px; margin-top: 2px; }
.key { font-size: 13px; }
.check { font-size: 15px; } .check + .check { margin-top: 6px; } .check b { color: var(--right); } .check.bad b { color: var(--wrong); }
.check.open { border-color: var(--muted); } .check.open b { color: var(--muted); }
.pictures { image-rendering: pixelated; width: 100%; border-radius: 8px; display: block; }
.whole { grid-column: 1 / -1; }
.contents { columns: 2; margin: 18px 0 0; padding-left: 22px; } .contents a { color: inherit; }
@media (max-width: 560px) { .contents { columns: 1; } }
`;

export interface Page {
  readonly title: string;
  readonly sections: readonly Section[];
  /** Where and when it was made. */
  readonly note: string;
}

/** Every curve of the recipe on one page that needs nothing else: no scripts, no addresses; light and dark, narrow and wide. */
export async function drawPage({ title, sections, note }: Page): Promise<string> {
  const claims = sections.flatMap((section) => section.claims);
  const held = claims.filter(({ holds }) => holds === true).length;
  const open = claims.filter(({ holds }) => holds === undefined).length;
  const drawn = await Promise.all(sections.map(drawSection));
  const links = sections.map((section, i) => html`<li><a href="#part-${i + 1}">${section.title}</a></li>`);
  const body = html`<header>
      <h1>${title}</h1>
      <p class="lead">
        <strong>${held} of ${claims.length} claims hold${open > 0 && `, ${open} are not judged by this run`}.</strong>
        Every curve is what a training step wrote down of itself: loss, rate, and the norms of gradients and weights.
      </p>
      <ol class="contents">
        ${links}
      </ol>
    </header>
    <main>${drawn}</main>
    <footer><p>${note}</p></footer>`;
  return page(title, REPORT_CSS + CHART_CSS + CSS, body);
}

async function drawSection({ title, note, claims, figures }: Section, at: number): Promise<Markup> {
  const drawn = await Promise.all(figures.map(drawFigure));
  return html`<section aria-labelledby="part-${at + 1}">
    <h2 id="part-${at + 1}">${at + 1}. ${title}</h2>
    <p class="note">${note}</p>
    ${claims.map(drawClaim)}
    <div class="charts">${drawn}</div>
  </section>`;
}

function drawClaim({ text, holds, figures }: Claim): Markup {
  const [tone, verdict] =
    holds === undefined ? ["open", "Not judged"] : holds ? ["", "Holds"] : ["bad", "Does not hold"];
  return html`<p class="check ${tone}"><b>${verdict}:</b> ${text}. <span class="note">${figures}</span></p>`;
}

function drawFigure(figure: Figure): Promise<Markup> {
  if (figure.kind === "lines") return lineChart(figure);
  return figure.kind === "picture" ? drawPicture(figure) : Promise.resolve(drawTable(figure));
}

async function drawPicture({ title, pixels }: PictureFigure): Promise<Markup> {
  const address = await dataUri(pixels);
  return html`<figure class="whole">
    <figcaption><h3>${title}</h3></figcaption>
    <img class="pictures" alt="${title}" width="${pixels.width}" height="${pixels.height}" src="${address}" />
  </figure>`;
}

function drawTable({ title, head, rows }: TableFigure): Markup {
  const cell = (text: string, at: number): Markup =>
    at === 0 ? html`<th scope="row" class="text">${text}</th>` : html`<td>${text}</td>`;
  return html`<figure>
    <figcaption><h3>${title}</h3></figcaption>
    <div class="scroll" tabindex="0" role="region" aria-label="${title}">
      <table class="wide">
        <thead>
          <tr>
            ${head.map((text, at) => html`<th scope="col" class="${at === 0 && "text"}">${text}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row) =>
              html`<tr>
                ${row.map(cell)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </figure>`;
}
