import assert from "node:assert/strict";
import { chartSvg } from "../../toolkit/report/chart-figure.ts";
import { logDomain } from "../../toolkit/report/chart.ts";
import { normCharts } from "../../toolkit/report/norm-charts.ts";
import { normsSection } from "../../toolkit/report/norms-section.ts";
import type { NormRecord } from "../../toolkit/report/run-report.ts";

const norm = (step: number, mode: string, gradient: number, updateShare: number | null): NormRecord => ({
  step,
  mode,
  gradient,
  weight: 50,
  updateShare,
});
const norms = [norm(1, "head", 2, null), norm(10, "head", 0, 1e-2), norm(21, "network", 4, 1e-4)];

describe("report/norm-charts", () => {
  it("normCharts() has a line for each stage, without what a log scale has no place for", () => {
    const [gradient, update, weight] = normCharts(norms);
    assert.deepEqual(
      gradient?.series.map((s) => [s.name, s.points]),
      [
        ["head: gradient", [[1, 2]]],
        ["network: gradient", [[21, 4]]],
      ],
    );
    assert.deepEqual(
      update?.series.map((s) => s.points),
      [[[10, 1e-2]], [[21, 1e-4]]],
    );
    assert.equal(weight?.series[0]?.points.length, 2);
    assert.deepEqual(gradient?.rules, [
      { x: 1, label: "head" },
      { x: 21, label: "network" },
    ]);
    assert.ok([gradient, update, weight].every((chart) => (chart?.note ?? "").length > 0));
  });

  it("normCharts() of one stage names and marks none, and none are drawn of nothing", () => {
    const [gradient] = normCharts(norms.slice(0, 2));
    assert.deepEqual([gradient?.series[0]?.name, gradient?.rules], ["gradient", []]);
    assert.deepEqual(normCharts([]), []);
    assert.deepEqual(normCharts([norm(1, "head", 0, null)]).length, 1);
  });

  it("logDomain() takes in the level to compare with, and does not blow noise up", () => {
    const [gradient, update, weight] = normCharts(norms);
    assert.ok(gradient && update && weight);
    assert.deepEqual(logDomain(gradient), [2, 4]);
    assert.deepEqual(logDomain({ ...update, series: update.series.slice(0, 1) }), [1e-3, 1e-2]);
    const [low, high] = logDomain(weight);
    assert.ok(Math.abs(high / low - 2) < 1e-12 && low < 50 && high > 50);
  });

  it("chartSvg() draws a log scale with its level", async () => {
    const [, update] = normCharts(norms);
    const svg = await chartSvg(update as NonNullable<typeof update>);
    assert.match(svg, />usual</);
    assert.match(svg, />1e-4</);
    assert.doesNotMatch(svg, /NaN/);
  });

  it("normsSection() has a table of the parameters, and is left out where there is nothing", async () => {
    assert.equal(await normsSection([], []), false);
    const layer = { mode: "head", parameter: "<w>", gradient: [2, 1], weight: [5, 5.25], updateShare: null } as const;
    const section = await normsSection(norms, [layer]);
    assert.ok(section);
    assert.match(section.markup, /&#60;w&#62;/);
    assert.match(section.markup, /<td>5\.25<\/td>\s*<td>–<\/td>/);
  });
});
