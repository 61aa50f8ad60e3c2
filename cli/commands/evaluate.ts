import { atLeast, DECODERS_OPTION, defineCommand, JSON_OPTION } from "../command.ts";
import type { Command } from "../command.ts";
import { DEVICE_OPTION, pickQuietly } from "../device-option.ts";
import { counted, percent } from "../format.ts";
import { given } from "../given.ts";
import type { Output } from "../output.ts";
import { headRows, numberText, r2Text, scores } from "../scores.ts";
import { testTimeViewsIn, TTA_OPTION } from "../test-time-option.ts";
import { judgeUnreadable, MAX_BAD_OPTION, sayLeftOut, sortBad } from "../unreadable.ts";
import type { Confusion, Metrics } from "../../toolkit/report/metrics.ts";
import type { Evaluation } from "../../toolkit/train/evaluate.ts";
import type { LabelMetrics, SeveralLabels } from "../../toolkit/train/evaluate-labels.ts";

export const evaluate: Command = defineCommand({
  name: "evaluate",
  summary: "Measure a model on labelled photos",
  examples: [
    "evaluate runs/photos-1/model.onnx photos/",
    "evaluate model.onnx photos/test --json",
    "evaluate model.onnx photos/ --tta flip",
    "evaluate runs/photos-1/model.onnx photos/ --split runs/photos-1 --part test",
  ],
  positionals: {
    model: { help: "an ONNX file, or the name of a model" },
    data: { help: "a folder for each class, a table, an archive; of what is divided, the part that validates" },
  },
  options: {
    part: {
      type: "choice",
      choices: ["train", "validation", "test"],
      help: "which part is measured (default: validation where there is one, else test, else all)",
    },
    split: {
      type: "string",
      value: "run",
      help: "a run folder, or its split.json: divide the photos as it did",
    },
    tta: TTA_OPTION,
    maxBad: MAX_BAD_OPTION,
    threads: { type: "integer", range: atLeast(1), help: "threads of the runtime (default: all cores)" },
    device: DEVICE_OPTION,
    decoders: DECODERS_OPTION,
    json: JSON_OPTION,
  },
  stoppable: true,
  async run({ options, positionals: { model, data }, out, signal }) {
    const views = testTimeViewsIn(options.tta);
    const { cacheFolder, evaluateSet, measure, openModel, openTagger, readSplitLists } =
      await import("../../toolkit/node.ts");
    const { photoFetcher } = await import("../photo-fetcher.ts");
    const { evaluateTagger } = await import("../../toolkit/label/evaluate-tagger.ts");
    const { evaluationTargets } = await import("../../toolkit/label/evaluation-targets.ts");
    const { confusedPairs } = await import("../../toolkit/report/metrics.ts");
    const lists = options.split === undefined ? undefined : await readSplitLists(options.split);
    const source = await openModel(model, { signal });
    const device = await pickQuietly(options.device, { out, signal });
    const tagger = await openTagger(source, {
      device,
      ...given({ threads: options.threads, decodeProcesses: options.decoders, views }),
    });
    try {
      const fetchFile = photoFetcher({ cacheFolder: cacheFolder(), signal });
      const { samples, bad } = await evaluateSet(data, tagger.labels, {
        fetchFile,
        ...evaluationTargets(tagger.metadata),
        ...given({ part: options.part, lists }),
      });
      const { unreadable: lost, others } = sortBad(bad);
      sayLeftOut(out, others);
      const bar = out.progress({ total: samples.length, label: "photos", transient: true });
      const run = evaluateTagger(tagger, samples, { signal });
      let item = await run.next();
      try {
        for (; !item.done; item = await run.next()) bar.update(item.value);
      } finally {
        bar.stop();
      }
      const unreadable = [...lost, ...item.value.bad.map(({ file, error }) => ({ file, ...error }))];
      const total = samples.length + lost.length;
      const { several, count, loss } = item.value.evaluation;
      if (tagger.metadata.heads && count > 0) {
        if (out.wantsJson) out.json({ model, data, ...scores(item.value.evaluation), unreadable });
        else printHeads(out, item.value.evaluation);
      } else if (several && count > 0) {
        const measures = labelMeasures(several, { count, loss }, tagger.labels);
        if (out.wantsJson) out.json({ model, data, ...measures, unreadable });
        else printLabels(out, measures);
      } else if (count > 0) {
        const metrics = measure(item.value.evaluation);
        const confused = confusedPairs(metrics.confusion);
        if (out.wantsJson) out.json({ model, data, ...asJson(metrics, confused, tagger.labels), unreadable });
        else print(out, metrics, confused, tagger.labels);
      }
      return judgeUnreadable(out, { unreadable, total, maxBad: options.maxBad });
    } finally {
      await tagger.close();
    }
  },
});

/** How a model of numbers, or of several heads, does. */
function printHeads(out: Output, { count, numbers, heads, ...rest }: Evaluation): void {
  out.data(counted(count, "photo"));
  out.data("");
  const labelled = (heads ?? []).filter(({ task }) => task !== "numbers");
  if (labelled.length > 0) {
    out.table(headRows({ ...rest, count, heads: labelled }));
    out.data("");
  }
  if (!numbers) return;
  out.table(
    numbers.columns.map((c) => [c.name, c.count, numberText(c.mae), numberText(c.rmse), r2Text(c.r2)]),
    ["column", "photos", "MAE", "RMSE", "R2"],
  );
}

interface LabelMeasures {
  readonly count: number;
  readonly logLoss: number;
  readonly meanAveragePrecision: number;
  readonly microF1: number;
  readonly macroF1: number;
  readonly classes: readonly (LabelMetrics & { readonly label: string })[];
}

/** How a model of several labels a photo does. */
function labelMeasures(
  { perClass, meanAveragePrecision, microF1, macroF1 }: SeveralLabels,
  { count, loss }: { readonly count: number; readonly loss: number },
  labels: readonly string[],
): LabelMeasures {
  const classes = perClass.map((c, i) => Object.assign({ label: labels[i] ?? "" }, c));
  return { count, logLoss: loss, meanAveragePrecision, microF1, macroF1, classes };
}

function printLabels(out: Output, measures: LabelMeasures): void {
  const { count, logLoss, meanAveragePrecision, microF1, macroF1, classes } = measures;
  out.data(`${counted(count, "photo")}, ${classes.length} classes, several labels a photo`);
  out.data("");
  out.table([
    ["mean AP", percent(meanAveragePrecision)],
    ["micro F1", percent(microF1)],
    ["macro F1", percent(macroF1)],
    ["log loss", logLoss.toFixed(3)],
  ]);
  out.data("");
  out.table(
    classes.map((c) => [
      c.label,
      c.support,
      share(c.averagePrecision),
      c.threshold.toFixed(2),
      share(c.precision),
      share(c.recall),
      share(c.f1),
    ]),
    ["class", "photos", "       AP", "found at", "precision", "   recall", "       F1"],
  );
}

function asJson(metrics: Metrics, confused: readonly Confusion[], labels: readonly string[]): object {
  const { count, accuracy, top5Error, logLoss, macroF1, calibrationError, perClass } = metrics;
  return {
    count,
    top1: accuracy,
    top5Error,
    logLoss,
    macroF1,
    calibrationError,
    classes: perClass.map(({ precision, recall, f1, support }, i) => ({
      label: labels[i] ?? "",
      precision,
      recall,
      f1,
      support,
    })),
    confused: confused.map((c) => named(c, labels)),
  };
}

function named(
  { actual, predicted, count }: Confusion,
  labels: readonly string[],
): { actual: string; predicted: string; count: number } {
  return { actual: labels[actual] ?? "", predicted: labels[predicted] ?? "", count };
}

function print(out: Output, metrics: Metrics, confused: readonly Confusion[], labels: readonly string[]): void {
  const { count, accuracy, top5Error, logLoss, macroF1, calibrationError, perClass } = metrics;
  out.data(`${counted(count, "photo")}, ${labels.length} classes`);
  out.data("");
  out.table([
    ["top-1", percent(accuracy)],
    ["top-5 error", percent(top5Error)],
    ["log loss", logLoss.toFixed(3)],
    ["macro F1", percent(macroF1)],
    ["calibration error", percent(calibrationError)],
  ]);
  out.data("");
  // a class that no photo belongs to and that was never predicted says nothing
  const seen = perClass.flatMap((c, i) =>
    c.support > 0 || c.precision !== null ? [[c, labels[i] ?? ""] as const] : [],
  );
  out.table(
    seen.map(([c, name]) => [name, c.support, share(c.precision), share(c.recall), share(c.f1)]),
    ["class", "photos", "precision", "   recall", "       F1"],
  );
  if (confused.length === 0) return;
  out.data("");
  out.data("most confused:");
  out.table(
    confused.map((c) => named(c, labels)).map(({ actual, predicted, count: photos }) => [actual, predicted, photos]),
    ["class", "taken for", "photos"],
  );
}

function share(value: number | null): string {
  return (value === null ? "-" : percent(value)).padStart(9);
}
