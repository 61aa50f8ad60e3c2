import type { Change, ModelStamp, PhotoChange } from "../store.ts";
import { collision } from "./collision.ts";
import type { Connection, SqlValue } from "./sqlite-driver.ts";
import { encodeFloats, encodeHex, encodeText } from "./sqlite-rows.ts";

/** Makes the changes inside a transaction that the caller has begun. */
export function writeChanges(connection: Connection, changes: readonly Change[]): void {
  const labelIds = new Map<string, number>();
  const modelIds = new Map<string, number>();
  for (const change of changes) {
    if (change.kind === "labels") change.names.forEach((name) => labelId(connection, labelIds, name));
    else if (change.kind === "photo")
      writePhoto(connection, change, modelId(connection, modelIds, change.model), labelIds);
    else writeFile(connection, change);
  }
}

function writePhoto(connection: Connection, change: PhotoChange, model: number, labelIds: Map<string, number>): void {
  const { imageId, path } = change;
  const sha256 = encodeHex(change.sha256);
  const [known] = connection.all("SELECT sha256 FROM image WHERE image_id = ?", imageId);
  if (known && !isSame(known["sha256"], sha256)) throw collision(path);
  connection.run(
    "INSERT INTO image (image_id, sha256, model_id, labelled_at, norm_ppm) VALUES (?, ?, ?, ?, ?) ON CONFLICT (image_id) " +
      "DO UPDATE SET model_id = excluded.model_id, labelled_at = excluded.labelled_at, norm_ppm = excluded.norm_ppm",
    imageId,
    sha256,
    model,
    change.labelledAt,
    change.norm,
  );
  if (known) connection.run("DELETE FROM image_features WHERE image_id = ?", imageId);
  const features = encodeFloats(change.features);
  if (features)
    connection.run(
      "INSERT INTO image_features (image_id, model_id, features) VALUES (?, ?, ?)",
      imageId,
      model,
      features,
    );
  if (known) connection.run("DELETE FROM image_label WHERE image_id = ?", imageId);
  for (const { label, ppm } of change.labels) {
    const id = labelId(connection, labelIds, label);
    connection.run("INSERT INTO image_label (image_id, label_id, weight_ppm) VALUES (?, ?, ?)", imageId, id, ppm);
  }
  const before = imageOf(connection, path);
  connection.run(
    "INSERT INTO file (path, image_id, size, mtime, error_code) VALUES (?, ?, ?, ?, NULL) ON CONFLICT (path) " +
      "DO UPDATE SET image_id = excluded.image_id, size = excluded.size, mtime = excluded.mtime, error_code = NULL",
    encodeText(path),
    imageId,
    change.size,
    change.mtime,
  );
  if (before !== imageId) dropUnused(connection, before);
}

function writeFile(connection: Connection, change: Exclude<Change, { kind: "photo" | "labels" }>): void {
  const path = encodeText(change.path);
  const before = imageOf(connection, change.path);
  connection.run("DELETE FROM file WHERE path = ?", path);
  if (change.kind === "failed") {
    const { size, mtime, code } = change;
    connection.run(
      "INSERT INTO file (path, image_id, size, mtime, error_code) VALUES (?, NULL, ?, ?, ?)",
      path,
      size,
      mtime,
      code,
    );
  }
  dropUnused(connection, before);
}

function imageOf(connection: Connection, path: string): SqlValue {
  return connection.all("SELECT image_id FROM file WHERE path = ?", encodeText(path))[0]?.["image_id"] ?? null;
}

function dropUnused(connection: Connection, imageId: SqlValue): void {
  if (imageId === null) return;
  connection.run(
    "DELETE FROM image WHERE image_id = ? AND NOT EXISTS (SELECT 1 FROM file WHERE image_id = ?)",
    imageId,
    imageId,
  );
}

/** The id of a label. The map is this transaction's: an id of one that was rolled back is nobody's. */
function labelId(connection: Connection, labelIds: Map<string, number>, name: string): number {
  const known = labelIds.get(name);
  if (known !== undefined) return known;
  const id = idOf(connection, "label_id", "label", "name", encodeText(name), () =>
    connection.run("INSERT INTO label (name) VALUES (?)", encodeText(name)),
  );
  labelIds.set(name, id);
  return id;
}

function modelId(connection: Connection, modelIds: Map<string, number>, { sha256, name }: ModelStamp): number {
  const known = modelIds.get(sha256);
  if (known !== undefined) return known;
  const digest = encodeHex(sha256);
  const id = idOf(connection, "model_id", "model", "sha256", digest, () =>
    connection.run("INSERT INTO model (sha256, name) VALUES (?, ?)", digest, encodeText(name)),
  );
  modelIds.set(sha256, id);
  return id;
}

function idOf(
  connection: Connection,
  id: string,
  table: string,
  column: string,
  value: SqlValue,
  insert: () => void,
): number {
  const select = `SELECT ${id} AS id FROM ${table} WHERE ${column} = ?`;
  const [found] = connection.all(select, value);
  if (!found) insert();
  return Number((found ?? connection.all(select, value)[0])?.["id"]);
}

function isSame(a: SqlValue | undefined, b: Uint8Array): boolean {
  return a instanceof Uint8Array && a.length === b.length && a.every((byte, i) => byte === b[i]);
}
