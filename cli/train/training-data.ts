import { photoDecoder, prepareData, readSplitLists } from "../../toolkit/node.ts";
import type { FetchFile, LeakPolicy, PreparedData } from "../../toolkit/node.ts";
import { leakSummary } from "../../toolkit/data/leaks/leak-summary.ts";
import { given } from "../given.ts";
import type { Output, Progress } from "../output.ts";

export interface DataOptions {
  readonly seed: number;
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

function say(out: Output, { balance, leaks }: PreparedData): void {
  for (const { text, advice } of balance.warnings) out.warn(`${text}: ${advice}`);
  for (const line of leaks ? leakSummary(leaks, balance.photos) : []) out.warn(line);
}
