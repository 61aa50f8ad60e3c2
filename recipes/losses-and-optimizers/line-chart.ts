import { html, trusted } from "../../toolkit/report/page.ts";
import type { Markup } from "../../toolkit/report/page.ts";
import type { LineFigure } from "./section.ts";

type PlotModule = typeof import("@observablehq/plot");

/** Colours that can be told apart, also by those who see red and green alike (after Okabe and Ito): lighter on dark paper. */
const COLOURS = [
  ["#1463c4", "#6cb0ff"],
  ["#c2710c", "#f0a54a"],
  ["#1d8f5f", "#3fbf87"],
  ["#a63a7a", "#e58bc0"],
  ["#6b5bd0", "#a99cff"],
  ["#7a6a1f", "#d3bf5f"],
  ["#566273", "#b4c0ce"],
  ["#b3372f", "#f07474"],
] as const;
const SIZE = { width: 480, height: 270 };
/** Curves of fewer points than this have them marked. */
const FEW = 26;

/** Names of the colours, for light and dark pages. */
export const CHART_CSS: string = `
:root { ${COLOURS.map(([light], i) => `--c${i}: ${light};`).join(" ")} }
@media (prefers-color-scheme: dark) { :root { ${COLOURS.map(([, dark], i) => `--c${i}: ${dark};`).join(" ")} } }
${COLOURS.map((_, i) => `.key.c${i} { --tone: var(--c${i}); }`).join("\n")}
`;

/** Several curves with their names, without scripts or addresses. */
export async function lineChart(figure: LineFigure): Promise<Markup> {
  const svg = trusted(await svgOf(figure));
  const { title, lines } = figure;
  const keys = lines.length > 1 && lines.map(({ name }, i) => html`<span class="key ${colour(i)}">${name}</span>`);
  return html`<figure>
    <figcaption>
      <h3>${title}</h3>
    </figcaption>
    ${svg} ${keys && html`<p class="keys">${keys}</p>`}
  </figure>`;
}

async function svgOf({
  title,
  xLabel,
  lines,
  logX = false,
  logY = false,
  stairs = false,
  marks = [],
}: LineFigure): Promise<string> {
  // both are slow to load and only the report needs them
  const [Plot, { parseHTML }] = await Promise.all([import("@observablehq/plot"), import("linkedom")]);
  const { document } = parseHTML("<html></html>") as unknown as { readonly document: Document };
  const all = lines.flatMap(({ points }) => points);
  const tick = (v: number): string => numberText(v);
  const plot = Plot.plot({
    document,
    ...SIZE,
    marginTop: 24,
    marginRight: 18,
    marginBottom: 40,
    marginLeft: 56,
    style: { fontSize: "12px", overflow: "visible" },
    ariaLabel: describe(title, xLabel, lines),
    x: {
      type: logX ? "log" : "linear",
      label: xLabel,
      labelArrow: "none",
      labelAnchor: "center",
      ticks: 6,
      tickFormat: tick,
      tickSize: 0,
    },
    y: {
      type: logY ? "log" : "linear",
      label: null,
      ...(logY ? {} : { zero: all.some(([, y]) => y >= 0) }),
      nice: true,
      ticks: 5,
      tickFormat: tick,
      tickSize: 0,
      grid: true,
    },
    marks: [
      Plot.ruleX(marks, { x: "x", stroke: "currentColor", strokeOpacity: 0.4, strokeDasharray: "2,3" }),
      // names one below the other: rates may lie side by side
      ...marks.map((mark, i) =>
        Plot.text([mark], { x: "x", text: "label", frameAnchor: "top", textAnchor: "start", dx: 4, dy: i * 14 - 14 }),
      ),
      ...curves(Plot, lines, stairs),
    ],
  });
  plot.setAttribute("role", "img");
  return plot.outerHTML;
}

/** Each curve in its colour; one of few points has them marked. */
function curves(
  Plot: PlotModule,
  lines: LineFigure["lines"],
  stairs: boolean,
): readonly ReturnType<PlotModule["line"]>[] {
  return [
    ...lines.map(({ points }, i) =>
      Plot.line(points, {
        x: (p: readonly number[]) => p[0],
        y: (p: readonly number[]) => p[1],
        stroke: `var(--c${i})`,
        strokeWidth: 1.75,
        ...(stairs ? { curve: "step" as const } : {}),
      }),
    ),
    ...lines.flatMap(({ points }, i) =>
      points.length < FEW && !stairs
        ? [
            Plot.dot(points, {
              x: (p: readonly number[]) => p[0],
              y: (p: readonly number[]) => p[1],
              r: 2.75,
              fill: `var(--c${i})`,
            }),
          ]
        : [],
    ),
  ];
}

function colour(line: number): string {
  return `c${line % COLOURS.length}`;
}

/** What the chart shows, for those who do not see it. */
function describe(title: string, xLabel: string, lines: LineFigure["lines"]): string {
  const parts = lines.map(({ name, points }) => {
    const [first, last] = [points[0]?.[1] ?? 0, points.at(-1)?.[1] ?? 0];
    return `${name} from ${numberText(first)} to ${numberText(last)}`;
  });
  return `${title} by ${xLabel}: ${parts.join(", ")}`;
}

function numberText(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size < 1e-3 || size >= 1e5 ? value.toExponential(0) : String(Number(value.toPrecision(3)));
}
