import { join } from "node:path";
import type { SweepResult, SweepRow } from "../../toolkit/node.ts";
import { qualityCell, qualityHead } from "../../toolkit/report/quality-cell.ts";
import { counted } from "../format.ts";
import type { Output } from "../output.ts";
import { pointText } from "./point-text.ts";

/** Rows that are printed at the end. */
const SHOWN = 10;

/** The last line of `sweep --json`. */
export function resultJson(folder: string, { status, rows, best, bestSettings }: SweepResult): object {
  return {
    type: "result",
    status,
    report: join(folder, "report.html"),
    best: best && bestSettings ? { ...summaryOf(best), settings: bestSettings, file: join(folder, "best.json") } : null,
    rows: rows.map(summaryOf),
  };
}

function summaryOf({ number, point, rung, quality, loss, seconds, failures, trials }: SweepRow): object {
  return { number, point, rung, quality, loss, seconds, failures, trials: trials.length };
}

/** The best trials as a table, and what to do next. */
export function saySweepResult(out: Output, folder: string, data: string, { rows, best, plan }: SweepResult): void {
  if (!best) return;
  out.data("");
  const shown = rows.slice(0, SHOWN);
  const spread = plan.seeds > 1;
  const metric = best.trials.find((trial) => trial.status === "done")?.metric ?? "accuracy";
  out.table(
    shown.map((row, i) => [
      i + 1,
      row.quality ? qualityCell(row.quality.mean, metric) : "failed",
      ...(spread ? [row.quality?.deviation == null ? "-" : qualityCell(row.quality.deviation, metric)] : []),
      row.loss ? row.loss.mean.toFixed(4) : "-",
      pointText(row.point),
    ]),
    ["rank", qualityHead(metric), ...(spread ? ["spread"] : []), "loss", "settings"],
  );
  if (rows.length > shown.length) out.say(`and ${counted(rows.length - shown.length, "more point")}, in the report`);
  out.say(
    [
      "",
      "Next:",
      `  open ${join(folder, "report.html")}`,
      `  npx onnx-graft train ${data} --config ${join(folder, "best.json")}`,
    ].join("\n"),
  );
}
