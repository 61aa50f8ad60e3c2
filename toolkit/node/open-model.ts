import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import type { DownloadOptions } from "../../models/download.ts";
import { cardLabels } from "../../models/imagenet.ts";
import { resolveArchitecture, resolveModel } from "../../models/resolve.ts";
import type { Weights } from "../../models/resolve.ts";
import { untrainedModel } from "../../models/untrained-model.ts";
import { cacheFolder as defaultCacheFolder } from "../data/cache-folder.ts";
import type { SourceModel } from "../export/source-model.ts";
import type { Operators } from "../graph/operator.ts";
import { readModelFile } from "../onnx/read-file.ts";
import type { Rewrites } from "../passes/normalise.ts";

/** What `openModel` may be told about a model that its file does not say. */
export interface OpenModelOptions extends Partial<DownloadOptions> {
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  readonly sizePx?: number;
  readonly labels?: readonly string[];
  /** The standard operators with your own: `new Map([...operators, [key(mine), mine]])`. */
  readonly operators?: Operators;
  /** How operators of the model are written that no table has, by domain and type. */
  readonly rewrites?: Rewrites;
  /** Whose weights a name stands for: "trained"; "random" builds an architecture of that name and needs no file; "any" where there is no card of that name. */
  readonly weights?: Weights;
  /** Of random weights; 0. */
  readonly seed?: number;
}

/** A model that was opened, and one line on why it was chosen, where nobody chose it. */
export interface OpenedModel extends SourceModel {
  readonly explanation?: string;
}

/**
 * Opens a model by its path or its card's name; the bundled weights where none is given. With `weights`, also an architecture by its name.
 * @throws E_MODEL_*, E_OFFLINE, E_DOWNLOAD, E_DOWNLOAD_CHECKSUM
 */
export async function openModel(nameOrPath?: string, options: OpenModelOptions = {}): Promise<OpenedModel> {
  const { mean, std, sizePx, labels, operators, rewrites, weights = "trained", seed, ...download } = options;
  const architecture = await resolveArchitecture(nameOrPath, weights);
  if (architecture) {
    return { ...untrainedModel(architecture, present({ sizePx, seed })), ...present({ mean, std, labels, operators }) };
  }
  const { path, card, explanation } = await resolveModel(nameOrPath, {
    cacheFolder: defaultCacheFolder(),
    weights,
    ...download,
  });
  const bytes = readFile(path);
  const model = await readModelFile(path, { name: `"${nameOrPath ?? card?.name ?? path}"` });
  const stated = {
    mean: mean ?? card?.mean,
    std: std ?? card?.std,
    sizePx: sizePx ?? card?.sizePx,
    labels: labels ?? (card && cardLabels(card)),
    operators,
    rewrites,
  };
  return {
    model,
    name: card?.name ?? basename(path),
    sha256: createHash("sha256")
      .update(await bytes)
      .digest("hex"),
    ...(card ? { licence: card.licence } : { file: path }),
    ...present(stated),
    ...(explanation === undefined ? {} : { explanation }),
  };
}

/** A record without the entries that nobody gave. */
function present<T extends object>(record: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
