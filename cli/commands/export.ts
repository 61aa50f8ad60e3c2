import { basename, dirname, join, resolve } from "node:path";
import { ToolkitError } from "../../toolkit/errors.ts";
import type { ReducedModel, ReduceProgress } from "../../toolkit/export/reduce-precision.ts";
import { atLeast, DECODERS_OPTION, defineCommand, JSON_OPTION, NOT_NEGATIVE } from "../command.ts";
import type { Command } from "../command.ts";
import { bytesText, counted, percent } from "../format.ts";
import { given } from "../given.ts";
import type { Output, Progress } from "../output.ts";
import { judgeUnreadable, MAX_BAD_OPTION, sayLeftOut, sortBad } from "../unreadable.ts";
import type { Unreadable } from "../unreadable.ts";

export const exportCommand: Command = defineCommand({
  name: "export",
  summary: "Write a model that is smaller or runs faster, and measure what it loses",
  examples: ["export runs/photos-1/model.onnx --int8 --photos photos/", "export resnet18 --float16 --out small.onnx"],
  positionals: { model: { help: "an ONNX file, or the name of a model" } },
  options: {
    float16: { type: "boolean", help: "store the weights in half the bytes; it runs as fast as before" },
    int8: { type: "boolean", help: "store and compute in 8 bits: a fourth of the bytes, and faster" },
    photos: {
      type: "string",
      value: "folder",
      help: "photos to measure on (val/ or test/ where there is one), a folder for each label or any; int8 needs some",
    },
    calibrate: {
      type: "string",
      value: "folder",
      help: "other photos to calibrate int8 on (default: those of --photos)",
    },
    maxLoss: {
      type: "number",
      default: 1,
      range: NOT_NEGATIVE,
      value: "points",
      help: "points of accuracy it may lose, or, where no labels are known, share of photos in percent that may get another label",
    },
    force: { type: "boolean", help: "write it whatever it loses" },
    weightBits: {
      type: "integer",
      default: 7,
      range: { holds: (v) => v === 7 || v === 8, expected: "7 or 8" },
      help: "bits of int8 weights; 8 is a little nearer where all processors it runs on have VNNI, and further off on others",
    },
    out: { type: "string", value: "file", help: "the file (default: the model's name with .float16 or .int8)" },
    maxBad: MAX_BAD_OPTION,
    threads: { type: "integer", range: atLeast(1), help: "threads of the runtime (default: all cores)" },
    decoders: DECODERS_OPTION,
    json: JSON_OPTION,
  },
  stoppable: true,
  async run({ options, positionals: { model }, out, signal }) {
    const precision = chosen(options);
    const file = options.out ?? defaultFile(model, precision);
    if (resolve(file) === resolve(model)) throw usage(`--out "${file}": it is the model itself`);
    const { nodeRuntime, openModel, photoDecoder, reducePrecision } = await import("../../toolkit/node.ts");
    const { checkLoss } = await import("../../toolkit/export/check-loss.ts");
    const { measuredPhotos } = await import("../../toolkit/export/measured-photos.ts");
    const { servableModel } = await import("../../toolkit/export/servable-model.ts");
    const { listPhotos } = await import("../../toolkit/data/list-photos.ts");
    const { writeDurably } = await import("../../toolkit/train/checkpoint-folder.ts");
    const source = await openModel(model, { signal });
    const { photos: folder, calibrate, force, maxLoss, threads, decoders: processes } = options;
    const { photos, bad } =
      folder === undefined
        ? { photos: [], bad: [] }
        : await measuredPhotos(folder, servableModel(source).metadata.labels);
    const { unreadable: lost, others } = sortBad(bad);
    sayLeftOut(out, others);
    const calibration = calibrate === undefined ? undefined : (await listPhotos([calibrate])).photos;
    const decoder = photoDecoder(given({ processes }));
    try {
      const weightBits = options.weightBits === 8 ? 8 : 7;
      const parts = { source, precision, photos, runtime: nodeRuntime, decoder, now: () => performance.now(), signal };
      const work = reducePrecision({ ...parts, weightBits, ...given({ calibration, threads }) });
      const reduced = await shown(out, work);
      if (!out.wantsJson) print(out, reduced);
      if (!force) checkLoss(reduced, maxLoss);
      await writeDurably(file, reduced.model);
      if (out.wantsJson) out.json({ model: source.name, file, ...asJson(reduced) });
      else out.data(`written: ${file}`);
      const unreadable = [...lost, ...unreadableOf(reduced)];
      const total = lost.length + Math.max(photos.length, calibration?.length ?? 0);
      return judgeUnreadable(out, { unreadable, total, maxBad: options.maxBad });
    } finally {
      await decoder.close();
    }
  },
});

function chosen(options: {
  readonly float16: boolean;
  readonly int8: boolean;
  readonly photos: string | undefined;
}): "float16" | "int8" {
  if (options.float16 === options.int8) throw usage("expected one of --float16 and --int8");
  if (options.int8 && options.photos === undefined) throw usage("--int8 needs photos to measure on: --photos FOLDER");
  return options.int8 ? "int8" : "float16";
}

function usage(why: string): ToolkitError {
  return new ToolkitError("E_USAGE", `Cannot export: ${why}`, { hint: 'see "onnx-graft export --help"' });
}

/** Beside a file; in the working folder for the name of a model. */
function defaultFile(model: string, precision: string): string {
  return join(dirname(model), `${basename(model, ".onnx")}.${precision}.onnx`);
}

const TASKS: Readonly<Record<ReduceProgress["task"], string>> = {
  calibrate: "calibrating",
  time: "timing",
  compare: "comparing",
};

/** The result of the work, with a bar for each of its tasks. */
async function shown(out: Output, work: AsyncGenerator<ReduceProgress, ReducedModel>): Promise<ReducedModel> {
  let bar: Progress | undefined;
  let task: string | undefined;
  try {
    for (;;) {
      const item = await work.next();
      if (item.done) return item.value;
      if (item.value.task !== task) {
        bar?.stop();
        task = item.value.task;
        bar = out.progress({ total: item.value.total, label: TASKS[item.value.task], transient: true });
      }
      bar?.update(item.value.done);
    }
  } finally {
    bar?.stop();
  }
}

function unreadableOf({ bad }: ReducedModel): readonly Unreadable[] {
  return bad.map(({ path, code, message }) => ({ file: path, code, message }));
}

function asJson(reduced: ReducedModel): object {
  const { precision, bytes, answers, speed, calibrated } = reduced;
  const { count, agreeing, largestDifference, labelled } = answers;
  return {
    precision,
    bytes,
    photos: count,
    top1:
      labelled.count > 0 ? { before: labelled.before / labelled.count, after: labelled.after / labelled.count } : null,
    agreement: count > 0 ? agreeing / count : null,
    largestDifference: count > 0 ? largestDifference : null,
    calibratedOn: calibrated,
    speed: speed.map(({ batchSize, before, after }) => ({ batchSize, before, after, ratio: after / before })),
    unreadable: unreadableOf(reduced),
  };
}

function print(out: Output, { bytes, answers, speed, calibrated }: ReducedModel): void {
  const { count, agreeing, largestDifference, labelled } = answers;
  const rows: (readonly string[])[] = [["size", bytesText(bytes.before), bytesText(bytes.after), ""]];
  for (const { batchSize, before, after } of speed) {
    const ratio = `${(after / before).toFixed(2)} times`;
    rows.push([`speed, ${counted(batchSize, "photo")} at a time`, rate(before), rate(after), ratio]);
  }
  if (labelled.count > 0) {
    const lost = (100 * (labelled.after - labelled.before)) / labelled.count;
    const change = `${lost > 0 ? "+" : ""}${lost.toFixed(1)} points`;
    rows.push(["top-1", percent(labelled.before / labelled.count), percent(labelled.after / labelled.count), change]);
  }
  out.table(rows, ["", "before", "after", ""]);
  out.data("");
  if (calibrated > 0) out.data(`calibrated on ${counted(calibrated, "photo")}`);
  if (count === 0) {
    out.data("no photos to compare on: its weights are rounded, its answers were not measured (--photos FOLDER)");
    return;
  }
  const difference = `largest difference of a probability ${largestDifference.toPrecision(2)}`;
  out.data(`same label for ${agreeing} of ${counted(count, "photo")}; ${difference}`);
  if (labelled.count === 0) out.data("accuracy unknown: the photos do not lie in folders named as the labels are");
}

function rate(imagesPerSecond: number): string {
  return `${imagesPerSecond.toFixed(imagesPerSecond < 100 ? 1 : 0)} img/s`;
}
