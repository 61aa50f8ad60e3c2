import { stat } from "node:fs/promises";
import { hashFile } from "../data/hash.ts";
import { errorCode, errorMessage } from "../errors.ts";
import type { LabelOptions, Tagger } from "../label/tagger.ts";
import type { LabelIndex } from "../search/label-index.ts";
import type { IndexedPhoto } from "../search/photo.ts";

export interface TagOptions extends LabelOptions {
  readonly tagger: Tagger;
  readonly index: LabelIndex;
  /** Stands beside every photo, so that another model labels it anew. */
  readonly model: { readonly sha256: string; readonly name: string };
  readonly signal?: AbortSignal;
  /** Milliseconds since 1970. */
  readonly labelledAt?: number;
}

/** One photo done: labelled, known already, or unreadable. */
export interface Tagged {
  readonly file: string;
  readonly status: "labelled" | "unchanged" | "failed";
  readonly code?: string;
  readonly message?: string;
}

interface FileState {
  readonly size: number;
  readonly mtime: number;
}

/** Photos that are written to the index together. */
const CHUNK = 256;

/** Labels photos and puts them into the index; a photo that this model labelled and that has not changed since is left as it is. */
export async function* tagPhotos(photos: readonly string[], options: TagOptions): AsyncGenerator<Tagged> {
  const { index, model, signal } = options;
  await index.addLabels(options.tagger.labels);
  for (let start = 0; start < photos.length; start += CHUNK) {
    if (signal?.aborted) return;
    const states = new Map<string, FileState>();
    const todo: string[] = [];
    for (const file of photos.slice(start, start + CHUNK)) {
      const state = await stateOf(file);
      if (state && (await index.has(file, state.size, state.mtime, model.sha256))) {
        yield { file, status: "unchanged" };
        continue;
      }
      if (state) states.set(file, state);
      todo.push(file);
    }
    yield* tagChunk(todo, states, options);
  }
}

async function* tagChunk(
  files: readonly string[],
  states: ReadonlyMap<string, FileState>,
  options: TagOptions,
): AsyncGenerator<Tagged> {
  const { tagger, index, model, signal, labelledAt, top = 20, minWeight = 0.001 } = options;
  const labelled: IndexedPhoto[] = [];
  const done: Tagged[] = [];
  for await (const photo of tagger.labelAll(files, { top, minWeight, ...(signal ? { signal } : {}) })) {
    const state = states.get(photo.file) ?? { size: 0, mtime: 0 };
    if ("error" in photo) {
      await index.addFailed(photo.file, photo.error.code, state);
      done.push({ file: photo.file, status: "failed", ...photo.error });
      continue;
    }
    try {
      const sha256 = photo.sha256 ?? (await hashFile(photo.file));
      labelled.push({
        path: photo.file,
        sha256,
        ...state,
        labels: photo.labels,
        features: photo.features,
        model,
        ...(labelledAt === undefined ? {} : { labelledAt }),
      });
      done.push({ file: photo.file, status: "labelled" });
    } catch (error) {
      done.push({
        file: photo.file,
        status: "failed",
        code: errorCode(error) ?? "E_IMAGE_READ",
        message: errorMessage(error),
      });
    }
  }
  await index.add(labelled);
  yield* done;
}

async function stateOf(file: string): Promise<FileState | undefined> {
  try {
    const { size, mtimeMs } = await stat(file);
    return { size, mtime: Math.floor(mtimeMs) };
  } catch {
    return undefined;
  }
}
