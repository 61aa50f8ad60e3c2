import assert from "node:assert/strict";
import { parseHTML } from "linkedom";
import { sweepHtml } from "../../toolkit/report/sweep-page.ts";
import type { SweepReport, SweepRow } from "../../toolkit/report/sweep-report.ts";
import { lossScale, qualityScale, sweptScale } from "../../toolkit/report/swept-scale.ts";

const HOSTILE = `"><script>alert(1)</script><img src=x onerror='alert(2)'>`;

function row(number: number, rate: number, decay: number, quality: number | null): SweepRow {
  return {
    number,
    values: { rate, decay, optimizer: number % 2 === 0 ? "sgd" : HOSTILE },
    epochs: null,
    quality: quality === null ? null : { mean: quality, deviation: null },
    loss: quality === null ? null : { mean: 1 - quality, deviation: null },
    seconds: 1.25,
    errors: quality === null ? [`Cannot go on ${HOSTILE}`] : [],
  };
}

const report: SweepReport = {
  title: `photos-1 ${HOSTILE}`,
  model: "resnet18",
  method: "random",
  status: "done",
  metric: "accuracy",
  trainImages: 40,
  validationImages: 20,
  seeds: 1,
  axes: [
    { name: "rate", kind: "range", from: 1e-4, to: 0.1, scale: "log" },
    { name: "decay", kind: "range", from: 0, to: 1, scale: "linear" },
    { name: "optimizer", kind: "choice", values: ["sgd", HOSTILE] },
  ],
  rows: [row(4, 0.01, 0.1, 0.95), row(2, 0.001, 0.5, 0.9), row(3, 0.1, 0, 0.5), row(1, 0.05, 1, null)],
  close: 2,
  settings: { mode: "frozen", epochs: 3 },
  versions: { "onnx-graft": "0.1.0" },
  finishedAt: "2026-01-02T03:04:05.000Z",
};

interface Element {
  readonly textContent: string;
  getAttribute(name: string): string | null;
}

function parsed(text: string): { all(selector: string): Element[]; text(selector: string): string[] } {
  const { document } = parseHTML(text) as unknown as {
    readonly document: { querySelectorAll(selector: string): Iterable<Element> };
  };
  const all = (selector: string): Element[] => [...document.querySelectorAll(selector)];
  return { all, text: (selector) => all(selector).map((e) => e.textContent.replace(/\s+/g, " ").trim()) };
}

describe("report/sweep-page", () => {
  it("sweepHtml() says the best first, how many are as good, and lists every trial", async () => {
    const page = parsed(await sweepHtml(report));
    assert.match(page.text(".lead")[0] ?? "", /^Accuracy 95\.0 % on 20 validation photos, with rate 0\.01, decay 0\.1/);
    assert.match(
      page.text(".note")[0] ?? "",
      /^2 of 4 are within one standard error of the best: 20 photos cannot tell/,
    );
    const rows = page.text("tbody tr");
    assert.equal(rows.length, 4);
    assert.match(rows[0] ?? "", /^1 ?95\.0 % ?0\.0500 ?0\.01 ?0\.1 ?sgd/);
    assert.match(rows[3] ?? "", /^4 ?failed/);
    assert.ok(rows[3]?.includes("Cannot go on"));
  });

  it("sweepHtml() draws a line for each trial over all settings, the failed one without an end, and a plot for each setting", async () => {
    const page = parsed(await sweepHtml(report));
    const svgs = page.all("svg[role=img][aria-label]");
    assert.equal(svgs.length, 1 + 3);
    assert.match(
      svgs[0]?.getAttribute("aria-label") ?? "",
      /^4 trials over rate, decay, optimizer by accuracy: the best, 4: rate 0\.01/,
    );
    const lines = page.all(".lines svg [aria-label=line] path");
    assert.equal(lines.length, 4);
    const corners = lines.map((line) => (line.getAttribute("d") ?? "").split("L").length);
    assert.deepEqual(
      corners.toSorted((a, b) => a - b),
      [3, 5, 5, 5],
    );
    const titles = page.text(".lines svg title");
    assert.ok(titles.some((title) => title.startsWith("1: rate 0.05") && title.endsWith("failed")));
  });

  it("sweepHtml() needs nothing else, and escapes every name and message", async () => {
    const text = await sweepHtml(report);
    assert.deepEqual(
      text.replaceAll(/xmlns(:xlink)?="http:[^"]*"/g, "").match(/\b(https?:|\/\/[a-z]|url\(|@import)[^\s]*/g),
      null,
    );
    const page = parsed(text);
    assert.deepEqual(page.all("script, link, iframe, object, img"), []);
    assert.match(text, /prefers-color-scheme: dark/);
  });

  it("sweepHtml() has no plots where every trial failed, and says so", async () => {
    const page = parsed(await sweepHtml({ ...report, rows: [row(1, 0.05, 1, null)], close: 0 }));
    assert.match(page.text(".lead")[0] ?? "", /^No trial came to an end\./);
    assert.deepEqual(page.all("svg"), []);
    assert.equal(page.text("tbody tr").length, 1);
  });

  it("sweepHtml() shows means with their deviation over seeds, and the epochs where halving decided them", async () => {
    const [first] = report.rows as [SweepRow];
    const rows = [{ ...first, quality: { mean: 0.95, deviation: 0.01 }, epochs: 9 }];
    const page = parsed(await sweepHtml({ ...report, rows, seeds: 3, method: "halving" }));
    assert.match(page.text("tbody tr")[0] ?? "", /95\.0 % ± 1\.0 %.* 9 /);
    assert.ok(page.text("thead th").includes("Epochs"));
  });
});

describe("report/swept-scale", () => {
  it("sweptScale() places numbers by their logarithm on a log scale, with the powers of ten between the ends", () => {
    const scale = sweptScale({ name: "rate", kind: "range", from: 1e-4, to: 0.1, scale: "log" });
    assert.deepEqual(
      scale.ticks.map(({ text }) => text),
      ["1e-4", "0.001", "0.01", "0.1"],
    );
    for (const [i, x] of [1e-4, 1e-3, 1e-2, 1e-1].entries()) assert.ok(Math.abs(scale.at(x) - i / 3) < 1e-9);
  });

  it("sweptScale() places choices at even distances, a single one in the middle", () => {
    const scale = sweptScale({ name: "optimizer", kind: "choice", values: ["a", "b", "c"] });
    assert.deepEqual(["a", "b", "c"].map(scale.at), [0, 0.5, 1]);
    assert.equal(sweptScale({ name: "x", kind: "choice", values: [true] }).at(true), 0.5);
  });

  it("lossScale() has the lowest loss at the top", () => {
    const scale = lossScale(report);
    assert.ok(Math.abs(scale.at(0.05) - 1) < 1e-9 && Math.abs(scale.at(0.5)) < 1e-9);
    assert.equal(lossScale({ ...report, rows: report.rows.slice(0, 1) }).at(0.05), 1);
  });

  it("qualityScale() goes from the worst to the best, and around them where they are one", () => {
    const scale = qualityScale(report);
    assert.deepEqual([scale.at(0.5), scale.at(0.95)], [0, 1]);
    assert.equal(scale.ticks.at(-1)?.text, "95 %");
    assert.ok(Math.abs(qualityScale({ ...report, rows: report.rows.slice(0, 1) }).at(0.95) - 0.5) < 1e-9);
  });
});
