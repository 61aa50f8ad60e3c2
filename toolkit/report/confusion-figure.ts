import type { Confusion } from "./metrics.ts";
import type { Markup } from "./page.ts";
import { html, trusted } from "./page.ts";

/** Up to here every cell is shown as a number in a table; above, the matrix is a picture. */
const TABLE_CLASSES = 16;
/** Shades of the picture: one path each, so that the file grows with the cells that are not zero. */
const SHADES = 6;

/** A confusion matrix: a table of counts for few classes, a picture without text for many. */
export function confusionFigure(confusion: readonly Confusion[], classes: readonly string[]): Markup {
  return classes.length <= TABLE_CLASSES ? table(confusion, classes) : picture(confusion, classes.length);
}

function table(confusion: readonly Confusion[], classes: readonly string[]): Markup {
  const counts = new Map(confusion.map((c) => [`${c.actual},${c.predicted}`, c.count]));
  const sums = rowSums(confusion);
  const rows = classes.map((name, actual) => {
    const cells = classes.map((other, predicted) => {
      const count = counts.get(`${actual},${predicted}`) ?? 0;
      const share = count / (sums.get(actual) ?? 1);
      const tone = actual === predicted ? "right" : "wrong";
      // a single mistake among many photos must still be seen
      const shade = count === 0 ? 0 : tone === "right" ? 8 + 42 * share : 16 + 40 * share;
      return html`<td
        class="${tone}"
        style="--shade:${shade.toFixed(0)}%"
        title="${name}, taken for ${other}: ${count}"
      >
        ${count || "·"}
      </td>`;
    });
    return html`<tr>
      <th scope="row" title="${name}"><span>${name}</span></th>
      ${cells}
    </tr>`;
  });
  return html`<div>
    <h3>Confusion matrix</h3>
    <p class="note">Row: what it is. Column: what the model said.</p>
    <div class="scroll" tabindex="0" role="region" aria-label="Confusion matrix">
      <table class="matrix${classes.length <= 4 && " roomy"}">
        <thead>
          <tr>
            <td></td>
            ${classes.map((name) => html`<th scope="col" title="${name}"><span>${name}</span></th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>
  </div>`;
}

function picture(confusion: readonly Confusion[], classes: number): Markup {
  const sums = rowSums(confusion);
  const size = Math.max(1, classes / 110);
  const paths = new Map<string, string>();
  for (const { actual, predicted, count } of confusion) {
    const shade = Math.ceil((count / (sums.get(actual) ?? count)) * SHADES);
    const key = `${actual === predicted ? "right" : "wrong"} ${shade}`;
    const x = round(predicted + (1 - size) / 2);
    const y = round(actual + (1 - size) / 2);
    paths.set(key, `${paths.get(key) ?? ""}M${x} ${y}h${round(size)}v${round(size)}h-${round(size)}z`);
  }
  const marks = [...paths].map(([key, d]) => {
    const [tone, shade] = key.split(" ");
    return `<path class="${tone}" fill-opacity="${round(0.25 + (0.75 * Number(shade)) / SHADES)}" d="${d}"/>`;
  });
  const step = classes > 400 ? 100 : classes > 60 ? 20 : 5;
  const lines: string[] = [];
  for (let i = step; i < classes; i += step) lines.push(`M${i} 0V${classes}M0 ${i}H${classes}`);
  const wrong = confusion.reduce((sum, c) => sum + (c.actual === c.predicted ? 0 : c.count), 0);
  const label = `Confusion matrix of ${classes} classes: ${wrong} photos off the diagonal`;
  return html`<figure>
    <figcaption><h3>Confusion matrix</h3></figcaption>
    <p class="note">
      ${classes} classes, a line every ${step}. Down: what it is. Across: what the model said. Off the diagonal:
      mistakes.
    </p>
    ${trusted(
      `<svg class="heat" viewBox="0 0 ${classes} ${classes}" role="img" aria-label="${label}">` +
        `<path class="lines" d="${lines.join("")}"/>${marks.join("")}</svg>`,
    )}
  </figure>`;
}

function rowSums(confusion: readonly Confusion[]): Map<number, number> {
  const sums = new Map<number, number>();
  for (const c of confusion) sums.set(c.actual, (sums.get(c.actual) ?? 0) + c.count);
  return sums;
}

function round(value: number): number {
  return Number(value.toFixed(2));
}
