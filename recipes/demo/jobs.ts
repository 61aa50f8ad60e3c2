import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { fetchArchive, hymenoptera } from "../../models/archive.ts";
import { ToolkitError, cacheFolder, errorCode, openModel } from "../../toolkit/node.ts";
import type { FineTuneSettings } from "../../toolkit/node.ts";
import { writeHandwriting } from "./handwriting.ts";
import type { Say } from "./talk.ts";

/** What to learn, from what, and what to ask for then. */
export interface Job {
  readonly title: string;
  /** A folder per class, or train/ and val/ with such folders. */
  readonly data: string;
  /** Makes the data, where it does not lie there yet. */
  readonly prepare?: () => AsyncIterable<{ readonly done: number; readonly total: number }>;
  /** A card's name or a path; the bundled weights where absent. */
  readonly model?: string;
  readonly settings: FineTuneSettings;
  /** The first three classes where absent. */
  readonly queries?: readonly string[];
}

/** Which job the command line asks for. */
export async function chooseJob(args: readonly string[], { folder, say }: { folder: string; say: Say }): Promise<Job> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { model: { type: "string" } },
  });
  const [photos, ...others] = positionals;
  if (others.length > 0)
    throw new ToolkitError("E_USAGE", `Cannot use "${others.join(" ")}": expected one folder of photos at most`);
  if (photos === undefined) return handwriting(folder);
  if (photos === "hymenoptera") return antsAndBees(values.model ?? "resnet18", say);
  return ownPhotos(photos, values.model);
}

/**
 * Handwriting by real people: needs no download. `keepEvery` 100 takes a hundredth of the scans.
 *
 * Digits are not cropped or flipped for training: a mirrored 3 is no 3, and a cropped 9 may be a 0.
 */
export function handwriting(folder: string, keepEvery = 1): Job {
  const data = join(folder, keepEvery === 1 ? "handwriting" : `handwriting-${keepEvery}`);
  return {
    title: "Handwriting, read by a ResNet18 that knew only photos",
    data,
    prepare: () => writeHandwriting(data, keepEvery),
    settings: {
      sizePx: 64, // a multiple of the network's 32, and near what its weights were trained at
      resizePx: 64, // no margin is cut off: digits fill their scans
      batchSize: 32, // enough for batch statistics; smaller batches learn more from the same number of scans
      epochs: 1, // 250 steps: the most that is trained, however fast the machine is
      headEpochs: 30,
      rate: 0.02, // at the head; a tenth at the stem, whose edges and strokes are right already
      stemFactor: 0.1,
      momentum: 0.9,
      batchNorm: "batch", // with the statistics of photos, strokes on black make this rate diverge
      augment: false,
      keep: "last", // the scans kept aside choose nothing, so that their score is honest
    },
    queries: ["seven:0.9", "three AND NOT eight", "four:0.05 AND nine:0.05"],
  };
}

/** A folder of the user's own, with the settings of `onnx-graft train`. */
export function ownPhotos(photos: string, model: string | undefined): Job {
  // npm runs scripts in the package's folder, whatever folder it was called from
  const data = resolve(process.env["INIT_CWD"] ?? "", photos);
  return { title: `Your photos in ${photos}`, data, settings: {}, ...(model === undefined ? {} : { model }) };
}

/** The photos of PyTorch's transfer-learning tutorial, on torchvision's ImageNet weights: both are downloaded once. */
async function antsAndBees(model: string, say: Say): Promise<Job> {
  try {
    say("Downloading the photos of ants and bees of PyTorch's tutorial (45 MB), unless they are in the cache ...");
    const { folder, note } = await fetchArchive(hymenoptera, { cacheFolder: cacheFolder() });
    if (note !== undefined) say(note);
    say(`Downloading the weights "${model}", unless they are in the cache ...`);
    await openModel(model);
    const [only, ...more] = await readdir(folder);
    const data = only !== undefined && more.length === 0 ? join(folder, only) : folder;
    return { title: "Ants and bees, the photos of PyTorch's tutorial", data, model, settings: {} };
  } catch (error) {
    if (!["E_DOWNLOAD", "E_OFFLINE"].includes(errorCode(error) ?? "")) throw error;
    throw new ToolkitError(
      "E_DOWNLOAD",
      `Cannot run the demo "hymenoptera" without a network: ${(error as Error).message}`,
      {
        hint: "npm run demo needs no download, npm run demo -- FOLDER takes photos of yours; a mirror of the files is named by ONNX_GRAFT_MIRROR",
        cause: error,
      },
    );
  }
}
