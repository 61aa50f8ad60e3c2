import assert from "node:assert/strict";
import { describeChart, extent, formatValue, runCharts, wholeTicks, xDomain } from "../../toolkit/report/chart.ts";
import { exampleReport } from "./example-report.ts";

describe("report/chart", () => {
  it("runCharts() counts epochs over all stages and marks where a stage begins", () => {
    const [accuracy, loss, steps, rate] = runCharts(exampleReport());
    assert.deepEqual(accuracy?.rules, [
      { x: 0.5, label: "frozen" },
      { x: 2.5, label: "full" },
    ]);
    assert.deepEqual(accuracy.series[1]?.points, [
      [1, 0.5],
      [2, 0.75],
      [3, 0.875],
    ]);
    assert.deepEqual([loss?.title, steps?.title, rate?.title], ["Loss", "Loss of every step", "Learning rate"]);
  });

  it("runCharts() leaves out what was not measured", () => {
    const report = exampleReport();
    const stages = report.stages.map(({ mode, epochs }) => ({
      mode,
      epochs: epochs.map((e) => Object.assign({}, e, { trainAccuracy: null, loss: Number.NaN })),
    }));
    const charts = runCharts({ ...report, stages, steps: [] });
    assert.deepEqual(
      charts.map((c) => [c.title, c.series.map((s) => s.name)]),
      [
        ["Accuracy", ["validation"]],
        ["Loss", ["training"]],
      ],
    );
    assert.deepEqual(runCharts({ ...report, stages: [], steps: [] }), []);
  });

  it("runCharts() says so where training and validation are scored by different losses", () => {
    const names = (settings: Readonly<Record<string, string>>): unknown =>
      runCharts({ ...exampleReport(), settings })[1]?.series.map((s) => s.name);
    assert.deepEqual(names({ loss: "cross-entropy" }), ["training", "validation"]);
    assert.deepEqual(names({ loss: "focal:gamma=2" }), ["training (focal)", "validation (cross-entropy)"]);
    const taught = { loss: "cross-entropy", teacher: "big" };
    assert.deepEqual(names(taught), ["training (cross-entropy and teacher)", "validation (cross-entropy)"]);
  });

  it("runCharts() thins a long run to means, keeping its level", () => {
    const steps = Array.from({ length: 100_001 }, (_, i) => ({ step: i, loss: i % 2, rate: 1 }));
    const points = runCharts({ ...exampleReport(), steps })[2]?.series[0]?.points ?? [];
    assert.equal(points.length, 400);
    assert.ok(points.every(([, loss]) => Math.abs(loss - 0.5) < 0.01));
  });

  it("wholeTicks() are round whole numbers within the bounds", () => {
    assert.deepEqual(wholeTicks(0.5, 3), [1, 2, 3]);
    assert.deepEqual(wholeTicks(1, 1500), [500, 1000, 1500]);
    assert.deepEqual(wholeTicks(0.5, 1.5), [1]);
    for (const high of [7, 8, 9, 23, 99, 1234]) assert.ok(wholeTicks(1, high).length <= 8);
  });

  it("xDomain() gives a single point room", () => {
    const chart = runCharts(exampleReport())[0];
    assert.ok(chart);
    assert.deepEqual(xDomain(chart), [0.5, 3]);
    assert.deepEqual(xDomain({ ...chart, series: [{ name: "a", tone: "plain", points: [[4, 1]] }] }), [3.5, 4.5]);
    assert.deepEqual(extent([3, 1, 2]), [1, 3]);
  });

  it("formatValue() and describeChart() write numbers as people do", () => {
    assert.deepEqual(
      [0, 0.25, 1234.5, 0.00012].map((v) => formatValue(v, false)),
      ["0", "0.25", "1230", "1.2e-4"],
    );
    assert.equal(formatValue(0.9736, true), "97.4 %");
    const chart = runCharts(exampleReport())[0];
    assert.equal(
      chart && describeChart(chart),
      "Accuracy by epoch: training from 45 % to 80 %, validation from 50 % to 87.5 %",
    );
  });
});
