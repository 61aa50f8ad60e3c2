import type { Plan } from "../plan.ts";
import { evaluate, matches } from "../score.ts";
import type { Change, EmbeddingRow, FileRow, FoundRow, LabelRow, ModelStamp, PhotoChange, PhotoRow } from "../store.ts";
import type { Store, StoreStats } from "../store.ts";
import { byWeight, compareId, compareText } from "../store.ts";
import { collision } from "./collision.ts";

/** A store that lives as long as the process, and anywhere JavaScript runs. A search looks at every photo. */
export function memoryStore(): Store {
  return new MemoryStore();
}

interface Photo {
  readonly change: PhotoChange;
  readonly modelId: number;
  readonly weights: ReadonlyMap<number, number>;
  readonly paths: Set<string>;
}

/** Exported for stores that keep what this one holds somewhere else: see `changes`. */
export class MemoryStore implements Store {
  readonly name = "memory";
  readonly #photos = new Map<bigint, Photo>();
  readonly #files = new Map<string, Omit<FileRow, "model">>();
  readonly #labelIds = new Map<string, number>();
  readonly #models = new Map<string, { readonly id: number; readonly stamp: ModelStamp }>();

  async labels(after: number): Promise<readonly LabelRow[]> {
    return [...this.#labelIds].filter(([, id]) => id > after).map(([name, id]) => ({ labelId: id, name }));
  }

  async size(): Promise<number> {
    return this.#photos.size;
  }

  async counts(labelIds: readonly number[]): Promise<readonly number[]> {
    const counts = new Map<number, number>();
    for (const { weights } of this.#photos.values()) {
      for (const id of weights.keys()) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    return labelIds.map((id) => counts.get(id) ?? 0);
  }

  /** Checks all changes before it makes the first, so that a refused batch leaves nothing behind. */
  async write(changes: readonly Change[]): Promise<void> {
    const digests = new Map<bigint, string>();
    for (const change of changes) {
      if (change.kind !== "photo") continue;
      const known = digests.get(change.imageId) ?? this.#photos.get(change.imageId)?.change.sha256 ?? change.sha256;
      if (known !== change.sha256) throw collision(change.path);
      digests.set(change.imageId, change.sha256);
    }
    for (const change of changes) this.#apply(change);
  }

  async find({ where, score, limit, offset }: Plan): Promise<readonly FoundRow[]> {
    const found: { photo: Photo; score: number }[] = [];
    for (const photo of this.#photos.values()) {
      const weightOf = (labelId: number): number => photo.weights.get(labelId) ?? 0;
      if (!matches(where, weightOf)) continue;
      found.push({ photo, score: score ? evaluate(score, weightOf, photo.change.norm) : 0 });
    }
    return found
      .sort((a, b) => b.score - a.score || compareId(a.photo.change.imageId, b.photo.change.imageId))
      .slice(offset, offset + limit)
      .map((row) => Object.assign(photoRow(row.photo), { score: row.score }));
  }

  async photos(imageIds: readonly bigint[]): Promise<readonly PhotoRow[]> {
    return imageIds.flatMap((id) => this.#photos.get(id) ?? []).map(photoRow);
  }

  async file(path: string): Promise<FileRow | undefined> {
    const file = this.#files.get(path);
    if (!file) return undefined;
    const photo = file.imageId === null ? undefined : this.#photos.get(file.imageId);
    return { ...file, model: photo?.change.model.sha256 ?? null };
  }

  async failures(): Promise<readonly { readonly path: string; readonly code: string }[]> {
    return [...this.#files.values()]
      .flatMap(({ path, code }) => (code === null ? [] : { path, code }))
      .sort((a, b) => compareText(a.path, b.path));
  }

  async embedding(imageId: bigint): Promise<EmbeddingRow | undefined> {
    const photo = this.#photos.get(imageId);
    return photo && embeddingRows(photo)[0];
  }

  async embeddings(modelId: number, after: bigint, limit: number): Promise<readonly EmbeddingRow[]> {
    return [...this.#photos.values()]
      .filter((photo) => photo.modelId === modelId && photo.change.imageId > after)
      .flatMap(embeddingRows)
      .sort((a, b) => compareId(a.imageId, b.imageId))
      .slice(0, limit);
  }

  async stats(): Promise<StoreStats> {
    const photos = [...this.#photos.values()];
    return {
      photos: photos.length,
      files: this.#files.size,
      failed: (await this.failures()).length,
      models: [...this.#models.values()]
        .map(({ id, stamp }) => ({ model: stamp, photos: photos.filter((photo) => photo.modelId === id).length }))
        .filter((model) => model.photos > 0)
        .sort((a, b) => b.photos - a.photos || compareText(a.model.sha256, b.model.sha256)),
    };
  }

  async close(): Promise<void> {}

  /** The changes that make a store with the same photos, files and label ids of an empty one. */
  changes(): readonly Change[] {
    const labels: Change = { kind: "labels", names: [...this.#labelIds.keys()] };
    const photos = [...this.#photos.values()].flatMap(({ change, paths }) =>
      [...paths].flatMap((path) => {
        const file = this.#files.get(path);
        return file ? [{ ...change, path, size: file.size, mtime: file.mtime }] : [];
      }),
    );
    const failures = [...this.#files.values()].flatMap(({ path, size, mtime, code }): Change[] =>
      code === null ? [] : [{ kind: "failed", path, size, mtime, code }],
    );
    return [labels, ...photos, ...failures];
  }

  #apply(change: Change): void {
    if (change.kind === "labels") {
      for (const name of change.names) this.#labelId(name);
    } else if (change.kind === "photo") {
      this.#attach(change);
    } else {
      this.#detach(change.path);
      if (change.kind === "remove") return;
      const { path, size, mtime, code } = change;
      this.#files.set(path, { path, size, mtime, imageId: null, code });
    }
  }

  #attach(change: PhotoChange): void {
    const { path, size, mtime, imageId, model } = change;
    const known = this.#models.get(model.sha256) ?? { id: this.#models.size + 1, stamp: model };
    this.#models.set(model.sha256, known);
    const weights = new Map(change.labels.map(({ label, ppm }) => [this.#labelId(label), ppm]));
    const paths = this.#photos.get(imageId)?.paths ?? new Set();
    if (!paths.has(path)) this.#detach(path);
    this.#photos.set(imageId, { change, modelId: known.id, weights, paths: paths.add(path) });
    this.#files.set(path, { path, size, mtime, imageId, code: null });
  }

  #detach(path: string): void {
    const imageId = this.#files.get(path)?.imageId ?? null;
    this.#files.delete(path);
    const photo = imageId === null ? undefined : this.#photos.get(imageId);
    photo?.paths.delete(path);
    if (photo?.paths.size === 0) this.#photos.delete(photo.change.imageId);
  }

  #labelId(name: string): number {
    const id = this.#labelIds.get(name) ?? this.#labelIds.size + 1;
    this.#labelIds.set(name, id);
    return id;
  }
}

function photoRow({ change, paths }: Photo): PhotoRow {
  return { imageId: change.imageId, paths: [...paths].sort(), labels: [...change.labels].sort(byWeight) };
}

function embeddingRows({ change, modelId }: Photo): readonly EmbeddingRow[] {
  return change.features ? [{ imageId: change.imageId, modelId, features: change.features }] : [];
}
