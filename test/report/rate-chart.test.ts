import assert from "node:assert/strict";
import { chartSvg } from "../../toolkit/report/chart-figure.ts";
import { rateChart, ratePage } from "../../toolkit/report/rate-chart.ts";

const points = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1].map((rate, i) => ({
  rate,
  smoothed: [1, 0.9, 0.5, 0.4, 1.5, 40][i] ?? 0,
}));
const curve = { points, lowest: 1e-3, suggestion: 1e-4 };

describe("report/rate-chart", () => {
  it("rateChart() shows the loss over powers of ten, cut off where it explodes, with the lowest point and the suggestion", () => {
    const { series, rules } = rateChart(curve);
    assert.deepEqual(
      series[0]?.points.map(([x, y]) => [Math.round(x), y]),
      [
        [-6, 1],
        [-5, 0.9],
        [-4, 0.5],
        [-3, 0.4],
        [-2, 1.5],
      ],
    );
    assert.deepEqual(rules, [
      { x: -4, label: "chosen" },
      { x: -3, label: "lowest" },
    ]);
  });

  it("rateChart() is drawn as a picture that says what it shows", async () => {
    const svg = await chartSvg(rateChart(curve));
    assert.match(svg, /^<svg/);
    assert.match(svg, /Smoothed loss by learning rate/);
    assert.match(svg, /chosen/);
  });

  it("ratePage() says the suggestion, or that there is none", async () => {
    assert.match(await ratePage(curve, "Rate"), /Suggested: 0\.0001,/);
    const none = await ratePage({ points, lowest: undefined, suggestion: undefined }, "Rate");
    assert.match(none, /The loss falls at no rate/);
  });
});
