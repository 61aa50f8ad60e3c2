import { photoDecoder, prepareData, readSplitLists } from "../../toolkit/node.ts";
import type { FetchFile, LeakPolicy, PreparedData } from "../../toolkit/node.ts";
import { leakSummary } from "../../toolkit/data/leaks/leak-summary.ts";
import { oddPhotoSummary } from "../../toolkit/data/odd-photos.ts";
import { given } from "../given.ts";
import type { Output, Progress } from "../output.ts";
import { readTargets } from "./targets-option.ts";

export interface DataOptions {
  readonly seed: number;
  readonly targets: string | undefined;
  readonly validationShare: number;
  readonly testShare: number;
  readonly splitBy: "random" | "group" | "time" | undefined;
  readonly folds: number | undefined;
  readonly fold: number | undefined;
  readonly leaks: LeakPolicy;
  readonly decoders: number | undefined;
  readonly resize: number | undefined;
}

/** Where photos are decoded for the leak check: ImageNet's, which most training uses too. */
const DECODE_PX = 256;

/** The photos of a run: as an earlier run divided them, if it is resumed. Says what is wrong with them. */
export async function trainingData(
  data: string,
  options: DataOptions,
  { out, signal, fetchFile, resumed }: { out: Output; signal: AbortSignal; fetchFile: FetchFile; resumed?: string },
): Promise<PreparedData> {
  const { seed, validationShare, testShare, splitBy: by, folds, fold, leaks, decoders, resize = DECODE_PX } = options;
  const lists = resumed === undefined ? undefined : await readSplitLists(resumed).catch(() => undefined);
  const decoder = photoDecoder(given({ processes: decoders }));
  let bar: Progress | undefined;
  try {
    const prepared = await prepareData(data, {
      seed,
      validationShare,
      testShare,
      leaks,
      decoder,
      decodePx: resize,
      fetchFile,
      signal,
      ...(options.targets === undefined ? {} : { targets: readTargets(options.targets) }),
      ...given({ by, folds, fold, given: lists }),
      onProgress: (done, total) => {
        bar ??= out.progress({ total, label: "looking for copies", transient: true });
        bar.update(done);
      },
    });
    bar?.stop();
    say(out, prepared);
    return prepared;
  } finally {
    bar?.stop();
    await decoder.close();
  }
}

function say(out: Output, { balance, leaks, dataset, datedByFile = 0, odd = [] }: PreparedData): void {
  if (datedByFile > 0) {
    const count = dataset.train.length + dataset.validation.length + (dataset.test?.length ?? 0);
    out.warn(
      `${datedByFile} of ${count} photos do not say when they were taken (EXIF): they are divided by when their file was written, which copying may have changed`,
    );
  }
  for (const { text, advice } of balance.warnings) out.warn(`${text}: ${advice}`);
  for (const line of leaks ? leakSummary(leaks, balance.photos) : []) out.warn(line);
  for (const line of oddPhotoSummary(odd)) out.say(line);
}
