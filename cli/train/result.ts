import { join } from "node:path";
import type { Evaluation, FineTuneResult } from "../../toolkit/node.ts";
import { qualityOf } from "../../toolkit/train/evaluate.ts";
import { qualityText } from "../../toolkit/train/quality-text.ts";
import { bytesText, counted, percent } from "../format.ts";
import type { Output } from "../output.ts";
import { headRows, scores } from "../scores.ts";

/** The last line of `train --json`. */
export function resultJson(folder: string, result: FineTuneResult): object {
  const { evaluation, classes, stages, parity, bad } = result;
  return {
    type: "result",
    model: join(folder, "model.onnx"),
    report: join(folder, "report.html"),
    ...(evaluation && evaluation.count > 0 ? scores(evaluation) : {}),
    classes,
    stages: stages.map(({ stage, final, best, bestEpoch, ended = null }) => ({
      stage,
      final: scores(final),
      best: scores(best),
      bestEpoch,
      ended,
    })),
    parity: parity ?? null,
    unreadable: bad.map(({ path, code, message }) => ({ file: path, code, message })),
  };
}

function stageText(best: Evaluation): string {
  return best.heads || best.numbers ? qualityText(best) : percent(qualityOf(best));
}

/** What a run was trained on, and how many photos of it are kept for a test. */
interface Trained {
  readonly data: string;
  readonly test: number;
}

/** What a run came to, for people, and what to do next. */
export function sayResult(out: Output, folder: string, result: FineTuneResult, { data, test }: Trained): void {
  const { evaluation, stages, model, parity } = result;
  const file = join(folder, "model.onnx");
  out.data("");
  const rows: [string, string][] = [["model", `${file} (${bytesText(model?.byteLength ?? 0)})`]];
  if (evaluation?.heads || evaluation?.numbers) {
    rows.push(...headRows(evaluation));
  } else if (evaluation?.several) {
    const { meanAveragePrecision, microF1, macroF1 } = evaluation.several;
    rows.push(["mean AP", `${percent(meanAveragePrecision)} of ${counted(evaluation.count, "validation photo")}`]);
    rows.push(["micro F1", percent(microF1)], ["macro F1", percent(macroF1)], ["log loss", evaluation.loss.toFixed(3)]);
  } else if (evaluation && evaluation.count > 0) {
    rows.push(["top-1", `${percent(evaluation.top1)} of ${counted(evaluation.count, "validation photo")}`]);
    rows.push(["top-5 error", percent(evaluation.top5Error)], ["log loss", evaluation.loss.toFixed(3)]);
  }
  if (stages.length > 1 && evaluation && evaluation.count > 0)
    rows.push(["by stage", stages.map((s) => `${s.stage} ${stageText(s.best)}`).join(", then ")]);
  if (parity) {
    const { largestDifference, flips, images } = parity;
    const difference = `largest difference ${largestDifference.toExponential(1)}`;
    rows.push(["parity", `${difference}, ${flips} of ${counted(images, "decision")} changed`]);
  }
  out.table(rows);
  const measure = `  npx onnx-graft evaluate ${file} ${JSON.stringify(data)} --split ${folder} --part test`;
  out.say(
    [
      "",
      "Next:",
      ...(test > 0 ? [`${measure}   (on the ${counted(test, "photo")} that nothing has seen)`] : []),
      `  open ${join(folder, "report.html")}`,
      `  npx onnx-graft label ${file} PHOTOS...`,
      `  npx onnx-graft index ${file} PHOTOS... --index photos.db`,
    ].join("\n"),
  );
}
