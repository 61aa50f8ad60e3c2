import assert from "node:assert/strict";
import { parseHTML } from "linkedom";
import { chartFigure, chartSvg } from "../../toolkit/report/chart-figure.ts";
import type { Chart } from "../../toolkit/report/chart.ts";

const chart: Chart = {
  title: "<Loss>",
  xLabel: "epoch",
  percent: false,
  wholeX: true,
  series: [
    {
      name: "training",
      tone: "train",
      points: [
        [1, 2],
        [2, 1],
      ],
    },
    {
      name: `"><i>`,
      tone: "validation",
      points: [
        [1, 3],
        [2, 1.5],
      ],
    },
  ],
  rules: [{ x: 0.5, label: "<script>" }],
};

describe("report/chart-figure", () => {
  it("chartSvg() is one labelled picture with a line for each series and no script", async () => {
    const svg = await chartSvg(chart);
    assert.match(svg, /^<svg /);
    assert.match(svg, /role="img"/);
    assert.match(svg, /aria-label="[^"]*training from 2 to 1/);
    assert.match(svg, /var\(--train/);
    assert.match(svg, /var\(--validation/);
    const { document } = parseHTML(svg) as unknown as {
      readonly document: { querySelectorAll(s: string): { length: number } };
    };
    assert.equal(document.querySelectorAll("script, i").length, 0);
  });

  it("chartFigure() has the title and a key where there is more than one line", async () => {
    const { markup } = await chartFigure(chart);
    assert.match(markup, /<h3>&#60;Loss&#62;<\/h3>/);
    assert.match(markup, /class="key validation">&#34;&#62;&#60;i&#62;</);
    const single = await chartFigure({ ...chart, series: chart.series.slice(0, 1) });
    assert.doesNotMatch(single.markup, /class="key/);
  });
});
