import type { Markup } from "./page.ts";
import { html, trusted } from "./page.ts";
import { qualityCell } from "./quality-cell.ts";
import type { SweepReport, SweepRow } from "./sweep-report.ts";
import { lossScale, qualityScale, sweptScale, valueText } from "./swept-scale.ts";
import type { SweptScale } from "./swept-scale.ts";

/** Units between two axes, and around them. */
const GAP = 132;
const [LEFT, RIGHT] = [64, 80];
const HEIGHT = 340;
/** The rows that are drawn: the best of these, where there are more. */
const MOST_ROWS = 500;

interface Place {
  readonly axis: string;
  readonly y: number;
}

interface Line extends Place {
  readonly row: number;
  readonly title: string;
}

/** Every trial as a line through its settings to what it came to: the best one thick, others fainter the worse they are, failed ones dashed and without an end. */
export async function parallelCoordinates(report: SweepReport): Promise<Markup> {
  const scales = [...report.axes.map(sweptScale), lossScale(report), qualityScale(report)];
  const svg = trusted(await svgOf(report, scales));
  return html`<figure>
    <figcaption>
      <h3>Every trial from its settings to its ${report.metric}</h3>
      <span class="key train">the best</span><span class="key plain">the others, fainter the worse they are</span>
    </figcaption>
    <div class="scroll" tabindex="0" role="region" aria-label="Parallel coordinates">
      <div class="lines" style="min-width:${Math.min(720, widthOf(scales))}px">${svg}</div>
    </div>
  </figure>`;
}

async function svgOf(report: SweepReport, scales: readonly SweptScale[]): Promise<string> {
  const [Plot, { parseHTML }] = await Promise.all([import("@observablehq/plot"), import("linkedom")]);
  const { document } = parseHTML("<html></html>") as unknown as { readonly document: Document };
  const names = scales.map(({ name }) => name);
  const rows = report.rows.slice(0, MOST_ROWS);
  const failed = rows.filter(({ quality }) => quality === null);
  const [best, ...others] = rows.filter(({ quality }) => quality !== null);
  const ticks = scales.flatMap(({ name, ticks: marks }) => marks.map(({ at, text }) => ({ axis: name, y: at, text })));
  const line = (of: readonly SweepRow[], stroke: string, options: object): unknown =>
    Plot.line(
      of.flatMap((row) => placesOf(row, scales, report.metric)),
      { x: "axis", y: "y", z: "row", title: "title", stroke, ...options },
    );
  const plot = Plot.plot({
    document,
    width: widthOf(scales),
    height: HEIGHT,
    marginLeft: LEFT,
    marginRight: RIGHT,
    marginTop: 30,
    marginBottom: 14,
    style: { fontSize: "12px", overflow: "visible" },
    ariaLabel: describe(report, best),
    x: { type: "point", domain: names, padding: 0.1, axis: null },
    y: { domain: [0, 1], axis: null },
    marks: [
      Plot.ruleX(names, { stroke: "currentColor", strokeOpacity: 0.3 }),
      line(failed, "var(--wrong, #cf3b3b)", { strokeDasharray: "3,3", strokeOpacity: 0.7 }),
      // the better ones are drawn over the worse
      ...others.toReversed().map((row, i) =>
        line([row], "var(--validation, #1463c4)", {
          strokeOpacity: 0.12 + (0.68 * (i + 1)) / others.length,
          strokeWidth: 1.5,
        }),
      ),
      ...(best ? [line([best], "var(--train, #c2710c)", { strokeWidth: 3 })] : []),
      Plot.text(ticks, {
        x: "axis",
        y: "y",
        text: "text",
        dx: -7,
        textAnchor: "end",
        fill: "currentColor",
        stroke: "var(--card, #fff)",
        strokeWidth: 4,
      }),
      Plot.text(names, {
        x: (name: string) => name,
        text: (name: string) => name,
        frameAnchor: "top",
        dy: -22,
        fontWeight: 600,
      }),
    ] as never,
  });
  plot.setAttribute("role", "img");
  return plot.outerHTML;
}

function placesOf(row: SweepRow, scales: readonly SweptScale[], metric: string): readonly Line[] {
  const title = titleOf(row, metric);
  const found = [...scales.slice(0, -2).map(({ name }) => row.values[name]), row.loss?.mean, row.quality?.mean];
  return scales.flatMap((scale, i): readonly Line[] => {
    const value = found[i];
    return value === undefined ? [] : [{ axis: scale.name, y: scale.at(value), row: row.number, title }];
  });
}

function titleOf({ number, values, quality }: SweepRow, metric: string): string {
  const settings = Object.entries(values).map(([name, value]) => `${name} ${valueText(value)}`);
  return `${number}: ${settings.join(", ")}: ${quality ? qualityCell(quality.mean, metric) : "failed"}`;
}

function describe({ rows, axes, metric }: SweepReport, best: SweepRow | undefined): string {
  const names = axes.map(({ name }) => name).join(", ");
  const found = best?.quality ? `the best, ${titleOf(best, metric)}` : "none came to an end";
  return `${rows.length} trials over ${names} by ${metric}: ${found}`;
}

function widthOf(scales: readonly SweptScale[]): number {
  return Math.max(440, LEFT + RIGHT + GAP * scales.length);
}
