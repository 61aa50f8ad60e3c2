import assert from "node:assert/strict";
import { parseHTML } from "linkedom";
import { measure } from "../../toolkit/report/metrics.ts";
import { reportHtml } from "../../toolkit/report/report.ts";
import { exampleReport } from "./example-report.ts";

const HOSTILE = `"><script>alert(1)</script><img src=x onerror='alert(2)'>`;
const pixels = { width: 2, height: 2, data: new Uint8Array(12) };

interface Element {
  readonly textContent: string;
  getAttribute(name: string): string | null;
}
interface Page {
  querySelectorAll(selector: string): Iterable<Element>;
}

function parsed(text: string): { all(selector: string): Element[]; text(selector: string): string[] } {
  const { document } = parseHTML(text) as unknown as { readonly document: Page };
  const all = (selector: string) => [...document.querySelectorAll(selector)];
  return { all, text: (selector) => all(selector).map((e) => e.textContent.replace(/\s+/g, " ").trim()) };
}

describe("report/report", () => {
  it("reportHtml() shows numbers in a table, with what was predicted over what is true, and names no classes", async () => {
    const column = { name: "age", count: 2, mae: 1.25, rmse: 1.5, r2: 0.875 };
    const points = [
      [3, 4],
      [8, 7.5],
    ] as const;
    const numbers = { count: 2, mae: 1.25, rmse: 1.5, r2: 0.875, columns: [{ ...column, points }] };
    const page = parsed(await reportHtml({ ...exampleReport(), classes: [], metrics: null, numbers }));
    assert.match(page.text(".lead")[0] ?? "", /^R² 0\.875 on 2 validation photos\. .* 1 column of numbers, /);
    assert.deepEqual(page.text("#numbers ~ .scroll tbody tr"), ["age 1.25 1.5 0.875 2"]);
    assert.deepEqual(page.text(".tiles dd").slice(0, 5), ["0.875", "age", "1.25", "age", "1.5"]);
    assert.equal(page.all('svg[aria-label="age: predicted over true for 2 photos"]').length, 1);
  });

  it("reportHtml() says the result first, then shows four charts, every class and the settings", async () => {
    const page = parsed(await reportHtml(exampleReport()));
    assert.deepEqual(page.text("h1"), ["hymenoptera"]);
    assert.match(
      page.text(".lead")[0] ?? "",
      /^3 of 4 validation photos right, 1 wrong\. resnet18, frozen then full, 3 classes/,
    );
    assert.deepEqual(page.text("h2"), ["Training", "Where it goes wrong", "Every class", "This run"]);
    assert.equal(page.all("svg[role=img][aria-label]").length, 4);
    assert.deepEqual(page.text("#classes ~ .scroll tbody tr")[0], "ants 100.0 %50.0 %66.7 %2");
    assert.match(page.text("#classes ~ .scroll tbody tr")[2] ?? "", /^wasps –––0$/);
    assert.match(page.text(".pairs li")[0] ?? "", /^ants taken for bees ?1$/);
    assert.match(page.text(".check")[0] ?? "", /^Export checked: .* 2\.4e-7, no decision changed\.$/);
    assert.deepEqual(page.text(".pairs-list dd").slice(0, 4), ["staged", "16", "true", "–"]);
  });

  it("reportHtml() needs nothing else: no address, no script, pictures inside", async () => {
    const worst = [{ picture: pixels, file: "a.jpg", actual: "ants", predicted: "bees", probability: 0.8 }];
    const text = await reportHtml(exampleReport(), { worst });
    assert.deepEqual(
      text.replaceAll(/xmlns(:xlink)?="http:[^"]*"/g, "").match(/\b(https?:|\/\/[a-z]|url\(|@import)[^\s]*/g),
      null,
    );
    const page = parsed(text);
    assert.deepEqual(page.all("script, link, iframe, object"), []);
    assert.match(page.all("img")[0]?.getAttribute("src") ?? "", /^data:image\/png;base64,/);
    assert.equal(page.all("img")[0]?.getAttribute("alt"), "ants, taken for bees");
    assert.match(text, /prefers-color-scheme: dark/);
    assert.match(text, /name="viewport"/);
  });

  it("reportHtml() escapes class names, file names, settings and messages", async () => {
    const report = exampleReport();
    const text = await reportHtml(
      {
        ...report,
        title: HOSTILE,
        model: HOSTILE,
        classes: [HOSTILE, "bees", "wasps"],
        settings: { [HOSTILE]: HOSTILE },
        versions: { [HOSTILE]: HOSTILE },
        stages: report.stages.map((s) => ({ mode: HOSTILE, epochs: s.epochs })),
        badFiles: [{ file: HOSTILE, code: "E_IMAGE_DECODE", message: HOSTILE }],
        finishedAt: HOSTILE,
      },
      { worst: [{ picture: new Uint8Array(3), file: HOSTILE, actual: HOSTILE, predicted: HOSTILE, probability: 1 }] },
    );
    const page = parsed(text);
    assert.deepEqual(page.all("script, img"), []);
    assert.doesNotMatch(text, /<script|<img/);
    assert.deepEqual(page.text("h1"), [HOSTILE]);
    assert.ok(page.text("tbody th").includes(HOSTILE));
  });

  it("reportHtml() works without metrics, stages or steps", async () => {
    const report = { ...exampleReport(), metrics: null, stages: [], steps: [], parity: null };
    assert.deepEqual(parsed(await reportHtml(report)).text("h2"), ["This run"]);
  });

  it("reportHtml() says so when the exported file decides otherwise", async () => {
    const parity = { maxDifference: 0.25, flips: 3, images: 100, provider: "cpu" };
    const page = parsed(await reportHtml({ ...exampleReport(), parity }));
    assert.match(page.text(".check.bad")[0] ?? "", /^Export differs: .*3 decisions changed\.$/);
  });

  it("reportHtml() of 1,000 classes grows with the photos, not with the square of the classes", async () => {
    const classes = 1000;
    const labels = Array.from({ length: 2000 }, (_, i) => i % classes);
    const probabilities = new Float32Array(labels.length * classes);
    for (const [i, label] of labels.entries()) probabilities[i * classes + ((label * 7) % classes)] = 1;
    const metrics = measure({ probabilities, labels, classes });
    const names = Array.from({ length: classes }, (_, i) => `class ${i}`);
    const text = await reportHtml({ ...exampleReport(), classes: names, metrics });
    assert.ok(text.length < 600_000, `${text.length} characters`);
    assert.equal(parsed(text).all("svg.heat path").length, 3);
  });
});
