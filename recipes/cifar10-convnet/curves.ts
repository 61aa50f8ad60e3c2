import { chartFigure } from "../../toolkit/report/chart-figure.ts";
import type { Chart, Series } from "../../toolkit/report/chart.ts";
import { html, page } from "../../toolkit/report/page.ts";
import type { EpochRecord } from "../../toolkit/report/run-report.ts";
import type { Row } from "./train-row.ts";

/** Accuracy and loss of each row after each epoch, in training and on the test pictures, as one HTML file that needs nothing else. */
export async function curvesHtml(rows: readonly Row[]): Promise<string> {
  const sections = await Promise.all(
    rows.map(async (row) => {
      const charts = await Promise.all(chartsOf(row.epochs).map(chartFigure));
      return html`<section>
        <h2>${row.adds}</h2>
        <p class="note">
          ${(100 * row.top1).toFixed(1)} % of the test pictures after ${row.epochs.length} epochs on
          ${row.pictures.toLocaleString("en")} pictures, seed ${row.seed}
        </p>
        <div class="charts">${charts}</div>
      </section>`;
    }),
  );
  const body = html`<header>
      <h1>ConvNets on CIFAR-10</h1>
      <p class="lead">
        Training is measured while it goes on, on augmented pictures and with dropout; the test after each epoch,
        without.
      </p>
    </header>
    <main>${sections}</main>`;
  return page("ConvNets on CIFAR-10", "", body);
}

function chartsOf(epochs: readonly EpochRecord[]): readonly Chart[] {
  const common = { xLabel: "epoch", wholeX: true, rules: [] };
  const line = (
    name: string,
    tone: Series["tone"],
    key: "trainAccuracy" | "accuracy" | "trainLoss" | "loss",
  ): Series => ({
    name,
    tone,
    points: epochs.flatMap((epoch) => {
      const value = epoch[key];
      return value === null ? [] : [[epoch.epoch, value] as const];
    }),
  });
  return [
    {
      title: "Accuracy",
      ...common,
      percent: true,
      series: [line("training", "train", "trainAccuracy"), line("test", "validation", "accuracy")],
    },
    {
      title: "Loss",
      ...common,
      percent: false,
      series: [line("training", "train", "trainLoss"), line("test", "validation", "loss")],
    },
  ];
}
