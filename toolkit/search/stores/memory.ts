import type { Plan } from "../plan.ts";
import { evaluate, matches } from "../score.ts";
import type { Change, EmbeddingRow, FileRow, FoundRow, ModelStamp, PhotoChange, PhotoRow, Store } from "../store.ts";
import { byWeight, compareId, compareText } from "../store.ts";
import { collision } from "./collision.ts";

interface Photo {
  readonly change: PhotoChange;
  readonly modelId: number;
  readonly weights: ReadonlyMap<number, number>;
  readonly paths: Set<string>;
}

/** A store that lives as long as the process, and anywhere JavaScript runs. A search looks at every photo. */
export function memoryStore(): Store {
  const photos = new Map<bigint, Photo>();
  const files = new Map<string, FileRow>();
  const labelIds = new Map<string, number>();
  const models = new Map<string, { readonly id: number; readonly stamp: ModelStamp }>();

  function labelId(name: string): number {
    const id = labelIds.get(name) ?? labelIds.size + 1;
    labelIds.set(name, id);
    return id;
  }

  function detach(path: string): void {
    const imageId = files.get(path)?.imageId ?? null;
    files.delete(path);
    if (imageId === null) return;
    const photo = photos.get(imageId);
    photo?.paths.delete(path);
    if (photo?.paths.size === 0) photos.delete(imageId);
  }

  function attach(change: PhotoChange): void {
    const { path, size, mtime, imageId, model } = change;
    const modelId = models.get(model.sha256)?.id ?? models.size + 1;
    models.set(model.sha256, { id: modelId, stamp: model });
    const weights = new Map(change.labels.map(({ label, ppm }) => [labelId(label), ppm]));
    const paths = photos.get(imageId)?.paths ?? new Set();
    if (!paths.has(path)) detach(path);
    photos.set(imageId, { change, modelId, weights, paths: paths.add(path) });
    files.set(path, { path, size, mtime, imageId, model: null, code: null });
  }

  function apply(change: Change): void {
    if (change.kind === "labels") change.names.forEach(labelId);
    else if (change.kind === "photo") attach(change);
    else detach(change.path);
    if (change.kind === "failed") {
      const { path, size, mtime, code } = change;
      files.set(path, { path, size, mtime, imageId: null, model: null, code });
    }
  }

  /** Changes are checked before the first is made, so that a refused batch leaves nothing behind. */
  function check(changes: readonly Change[]): void {
    const digests = new Map<bigint, string>();
    for (const change of changes) {
      if (change.kind !== "photo") continue;
      const known = digests.get(change.imageId) ?? photos.get(change.imageId)?.change.sha256 ?? change.sha256;
      if (known !== change.sha256) throw collision(change.path);
      digests.set(change.imageId, change.sha256);
    }
  }

  const row = ({ change, paths }: Photo): PhotoRow => ({
    imageId: change.imageId,
    paths: [...paths].sort(),
    labels: [...change.labels].sort(byWeight),
  });

  return {
    name: "memory",
    labels: async (after) =>
      [...labelIds].filter(([, id]) => id > after).map(([name, id]) => ({ labelId: id, name })),
    counts: async (ids) => {
      const counts = new Map<number, number>();
      for (const photo of photos.values()) for (const id of photo.weights.keys()) counts.set(id, (counts.get(id) ?? 0) + 1);
      return ids.map((id) => counts.get(id) ?? 0);
    },
    write: async (changes) => {
      check(changes);
      changes.forEach(apply);
    },
    find: async (plan) => findAmong(photos, plan, row),
    photos: async (ids) => ids.flatMap((id) => photos.get(id) ?? []).map(row),
    file: async (path) => {
      const file = files.get(path);
      return file && { ...file, model: (file.imageId !== null && photos.get(file.imageId)?.change.model.sha256) || null };
    },
    failures: async () =>
      [...files.values()]
        .flatMap(({ path, code }) => (code === null ? [] : { path, code }))
        .sort((a, b) => compareText(a.path, b.path)),
    embedding: async (imageId) => {
      const photo = photos.get(imageId);
      return photo && embeddingOf(photo)[0];
    },
    embeddings: async (modelId, after, limit) =>
      [...photos.values()]
        .filter((photo) => photo.modelId === modelId && photo.change.imageId > after)
        .flatMap(embeddingOf)
        .sort((a, b) => compareId(a.imageId, b.imageId))
        .slice(0, limit),
    stats: async () => ({
      photos: photos.size,
      files: files.size,
      failed: [...files.values()].filter((file) => file.code !== null).length,
      models: [...models.values()]
        .map(({ id, stamp }) => ({
          model: stamp,
          photos: [...photos.values()].filter((photo) => photo.modelId === id).length,
        }))
        .filter((model) => model.photos > 0)
        .sort((a, b) => b.photos - a.photos || compareText(a.model.sha256, b.model.sha256)),
    }),
    close: async () => {},
  };
}

function findAmong(photos: ReadonlyMap<bigint, Photo>, plan: Plan, row: (photo: Photo) => PhotoRow): readonly FoundRow[] {
  const { where, score, limit, offset } = plan;
  return [...photos.values()]
    .flatMap((photo) => {
      const weightOf = (labelId: number): number => photo.weights.get(labelId) ?? 0;
      if (!matches(where, weightOf)) return [];
      return { photo, score: score ? evaluate(score, weightOf, photo.change.norm) : 0 };
    })
    .sort((a, b) => b.score - a.score || compareId(a.photo.change.imageId, b.photo.change.imageId))
    .slice(offset, offset + limit)
    .map((found) => ({ ...row(found.photo), score: found.score }));
}

function embeddingOf({ change, modelId }: Photo): readonly EmbeddingRow[] {
  return change.features ? [{ imageId: change.imageId, modelId, features: change.features }] : [];
}
