import { ToolkitError, errorCode, errorMessage } from "../../errors.ts";
import type { Plan } from "../plan.ts";
import type { EmbeddingRow, FileRow, FoundRow, PhotoRow, Store, StoreStats } from "../store.ts";
import { byWeight } from "../store.ts";
import type { Connection, OpenDatabase, Row } from "./sqlite-driver.ts";
import { connectionOver, loadSqlite, transaction } from "./sqlite-driver.ts";
import { planSql } from "./sqlite-query.ts";
import { decodeFloats, decodeHex, decodeText, encodeText } from "./sqlite-rows.ts";
import { migrate } from "./sqlite-schema.ts";
import { writeChanges } from "./sqlite-write.ts";

export interface SqliteOptions {
  /** Opens an index that exists, and never writes to it. */
  readonly readOnly?: boolean;
}

/**
 * A store in one SQLite file, made where there is none. A write that resolved survives a crash and a power cut; several processes
 * may read while one writes, and writers wait up to 5 seconds for each other.
 *
 * @throws E_STORE when the file cannot be opened or is no index, E_STORE_VERSION, E_STORE_DRIVER
 */
export async function sqliteStore(path: string, { readOnly = false }: SqliteOptions = {}): Promise<Store> {
  if (path === "") throw new ToolkitError("E_STORE", `Cannot open index "": expected a path`);
  const opener = await loadSqlite();
  const connection = attempt(`open index ${JSON.stringify(path)}`, () => connect(opener, path, readOnly));
  return storeOver(connection, path, readOnly);
}

function connect(Opener: OpenDatabase, path: string, readOnly: boolean): Connection {
  const connection = connectionOver(new Opener(path, { readOnly }));
  try {
    // pages of 8 KB hold three times as many features of 512 floats as pages of 4 KB do, at twice the size
    connection.exec("PRAGMA page_size = 8192; PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON");
    connection.exec("PRAGMA trusted_schema = OFF; PRAGMA mmap_size = 0");
    // looked at first: another program's database must not be changed, not even its journal mode
    migrate(connection, path, readOnly);
    // WAL with FULL survives a power cut; 64 MB of pages hold the working set of a large index
    if (!readOnly) connection.exec("PRAGMA journal_mode = WAL");
    connection.exec("PRAGMA synchronous = FULL; PRAGMA cache_size = -65536");
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

function storeOver(connection: Connection, path: string, readOnly: boolean): Store {
  const on = <T>(action: string, work: () => T): Promise<T> =>
    // SQLite is synchronous: the work is done before anybody else's turn, so calls cannot interleave
    Promise.resolve().then(() => attempt(`${action} index ${JSON.stringify(path)}`, work));
  return {
    name: "sqlite",
    labels: (after) => on("read", () => labels(connection, after)),
    size: () => on("read", () => size(connection)),
    counts: (ids) => on("read", () => ids.map((id) => count(connection, id))),
    write: (changes) =>
      on("write", () => transaction(connection, "IMMEDIATE", () => writeChanges(connection, changes))),
    find: (plan) => on("search", () => transaction(connection, "DEFERRED", () => find(connection, plan))),
    photos: (ids) =>
      on("read", () => transaction(connection, "DEFERRED", () => ids.flatMap((id) => photo(connection, id)))),
    file: (file) => on("read", () => fileRow(connection, file)),
    failures: () => on("read", () => failures(connection)),
    embedding: (imageId) =>
      on("read", () => connection.all(`${EMBEDDINGS} image_id = ?`, imageId).map(embeddingRow)[0]),
    embeddings: (modelId, after, limit) =>
      on("read", () =>
        connection
          .all(`${EMBEDDINGS} model_id = ? AND image_id > ? ORDER BY image_id LIMIT ?`, modelId, after, limit)
          .map(embeddingRow),
      ),
    stats: () => on("read", () => transaction(connection, "DEFERRED", () => stats(connection))),
    backup: (target) => on(`copy to ${JSON.stringify(target)} the`, () => connection.run("VACUUM INTO ?", target)),
    close: () => on("close", () => close(connection, readOnly)),
  };
}

const EMBEDDINGS = "SELECT image_id, model_id, features FROM image_features WHERE";

/**
 * Moves what stands in the write-ahead log into the file first, unless somebody is reading it: the fallback package keeps the file
 * open until its statements are collected, and until then whoever copies the file alone would miss the last writes.
 */
function close(connection: Connection, readOnly: boolean): void {
  if (!readOnly) {
    connection.exec("PRAGMA busy_timeout = 0");
    connection.all("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  connection.close();
}

function labels(connection: Connection, after: number): { labelId: number; name: string }[] {
  return connection
    .all("SELECT label_id, name FROM label WHERE label_id > ? ORDER BY label_id", after)
    .map((row) => ({ labelId: Number(row["label_id"]), name: decodeText(row["name"]) }));
}

function size(connection: Connection): number {
  return Number(connection.all("SELECT count(*) AS n FROM image")[0]?.["n"]);
}

function count(connection: Connection, labelId: number): number {
  return Number(connection.all("SELECT count(*) AS n FROM image_label WHERE label_id = ?", labelId)[0]?.["n"]);
}

function find(connection: Connection, plan: Plan): FoundRow[] {
  const { text, values } = planSql(plan);
  return connection
    .all(text, ...values)
    .flatMap((row) =>
      photo(connection, row["image_id"] as bigint).map((found) =>
        Object.assign(found, { score: Number(row["score"]) }),
      ),
    );
}

function photo(connection: Connection, imageId: bigint): PhotoRow[] {
  const paths = connection
    .all("SELECT path FROM file WHERE image_id = ?", imageId)
    .map((row) => decodeText(row["path"]))
    .sort();
  const weights = connection
    .all(
      "SELECT l.name, x.weight_ppm FROM image_label AS x JOIN label AS l USING (label_id) WHERE x.image_id = ?",
      imageId,
    )
    .map((row) => ({ label: decodeText(row["name"]), ppm: Number(row["weight_ppm"]) }))
    .sort(byWeight);
  return paths.length === 0 ? [] : [{ imageId, paths, labels: weights }];
}

function fileRow(connection: Connection, path: string): FileRow | undefined {
  const [row] = connection.all(
    "SELECT f.size, f.mtime, f.image_id, f.error_code, m.sha256 FROM file AS f LEFT JOIN image AS i ON i.image_id = f.image_id " +
      "LEFT JOIN model AS m ON m.model_id = i.model_id WHERE f.path = ?",
    encodeText(path),
  );
  if (!row) return undefined;
  return {
    path,
    size: Number(row["size"]),
    mtime: Number(row["mtime"]),
    imageId: row["image_id"] as bigint | null,
    model: row["sha256"] === null ? null : decodeHex(row["sha256"]),
    code: row["error_code"] as string | null,
  };
}

function failures(connection: Connection): { path: string; code: string }[] {
  return connection
    .all("SELECT path, error_code FROM file WHERE error_code IS NOT NULL")
    .map((row) => ({ path: decodeText(row["path"]), code: String(row["error_code"]) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

function embeddingRow(row: Row): EmbeddingRow {
  return {
    imageId: row["image_id"] as bigint,
    modelId: Number(row["model_id"]),
    features: decodeFloats(row["features"]),
  };
}

function stats(connection: Connection): StoreStats {
  const one = (sql: string): number => Number(connection.all(sql)[0]?.["n"]);
  return {
    photos: size(connection),
    files: one("SELECT count(*) AS n FROM file"),
    failed: one("SELECT count(*) AS n FROM file WHERE error_code IS NOT NULL"),
    models: connection
      .all(
        "SELECT m.sha256, m.name, count(*) AS n FROM image JOIN model AS m USING (model_id) GROUP BY model_id ORDER BY n DESC, m.sha256",
      )
      .map((row) => ({
        model: { sha256: decodeHex(row["sha256"]), name: decodeText(row["name"]) },
        photos: Number(row["n"]),
      })),
  };
}

/** By SQLite's own words: not every call of the fallback package passes its code on. */
const HINTS: Readonly<Record<string, string>> = {
  "database is locked": "another process is writing to it: try again when it is done",
  "attempt to write a readonly database": "the index is open for reading only, or its file or folder is read-only",
  "disk I/O error": "check the disk, then restore the index from a backup or build it again",
  "database disk image is malformed": "restore it from a backup, or delete it and index the photos again",
  "database or disk is full": "free some space, then run the same command again: what was written before is kept",
  "unable to open database file":
    "check that the folder exists and may be written to: SQLite keeps two more files beside the index while it is open",
  "file is not a database": "name a new file, or one that this toolkit made",
};

/** Runs it, and turns what SQLite throws into our error with a way out. */
function attempt<T>(action: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (errorCode(error)?.startsWith("E_")) throw error;
    const message = errorMessage(error);
    const hint = Object.entries(HINTS).find(([words]) => message.includes(words))?.[1];
    throw new ToolkitError("E_STORE", `Cannot ${action}: ${message}`, {
      ...(hint ? { hint } : {}),
      cause: error,
    });
  }
}
