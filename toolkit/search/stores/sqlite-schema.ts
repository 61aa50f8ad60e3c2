import { ToolkitError } from "../../errors.ts";
import type { Connection } from "./sqlite-driver.ts";
import { transaction } from "./sqlite-driver.ts";

/** "OGft" in the file's header: says that the database is an index of this toolkit. */
const APPLICATION_ID = 0x4f476674;

/**
 * `MIGRATIONS[v]` brings version v to v + 1, and an empty file is version 0. Append only: what stands here is in people's files.
 *
 * Whether a file could be read belongs to the file, so `error_code` stands there. Features have a table of their own: beside the
 * norm they made a search by cosine among 100,000 photos six times slower.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE label (label_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
  CREATE TABLE model (model_id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL UNIQUE, name TEXT NOT NULL);
  CREATE TABLE image (
    image_id INTEGER PRIMARY KEY,
    sha256 BLOB NOT NULL UNIQUE,
    model_id INTEGER NOT NULL REFERENCES model (model_id),
    labelled_at INTEGER,
    norm_ppm INTEGER NOT NULL
  );
  CREATE TABLE image_features (
    image_id INTEGER PRIMARY KEY REFERENCES image (image_id) ON DELETE CASCADE,
    model_id INTEGER NOT NULL REFERENCES model (model_id),
    features BLOB NOT NULL
  );
  CREATE TABLE file (
    path TEXT PRIMARY KEY NOT NULL,
    image_id INTEGER REFERENCES image (image_id),
    size INTEGER NOT NULL,
    mtime INTEGER NOT NULL,
    error_code TEXT,
    CHECK ((image_id IS NULL) <> (error_code IS NULL))
  ) WITHOUT ROWID;
  CREATE INDEX file_image ON file (image_id);
  CREATE TABLE image_label (
    image_id INTEGER NOT NULL REFERENCES image (image_id) ON DELETE CASCADE,
    label_id INTEGER NOT NULL REFERENCES label (label_id),
    weight_ppm INTEGER NOT NULL CHECK (weight_ppm BETWEEN 1 AND 1000000),
    PRIMARY KEY (image_id, label_id)
  ) WITHOUT ROWID;
  CREATE INDEX image_label_top ON image_label (label_id, weight_ppm DESC, image_id);
  `,
];

const SCHEMA_VERSION: number = MIGRATIONS.length;

/**
 * Brings a database to the current schema, in one transaction: after a crash it is the old one or the new one.
 *
 * @throws E_STORE for a database that is not an index, E_STORE_VERSION for an index of a newer toolkit, or an older one opened read-only
 */
export function migrate(connection: Connection, path: string, readOnly: boolean): void {
  if (versionOf(connection, path) === SCHEMA_VERSION) return;
  if (readOnly) {
    throw new ToolkitError(
      "E_STORE_VERSION",
      `Cannot read index ${JSON.stringify(path)}: its schema is older than ${SCHEMA_VERSION}`,
      {
        hint: "open it once for writing, which brings it up to date",
      },
    );
  }
  transaction(connection, "IMMEDIATE", () => {
    // another process may have migrated it while this one waited
    for (const step of MIGRATIONS.slice(versionOf(connection, path))) connection.exec(step);
    connection.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}`);
  });
}

function versionOf(connection: Connection, path: string): number {
  const version = Number(connection.all("PRAGMA user_version")[0]?.["user_version"]);
  const application = Number(connection.all("PRAGMA application_id")[0]?.["application_id"]);
  const tables = Number(connection.all("SELECT count(*) AS tables FROM sqlite_schema")[0]?.["tables"]);
  if (application !== APPLICATION_ID && (application !== 0 || version !== 0 || tables !== 0)) {
    throw new ToolkitError("E_STORE", `Cannot open index ${JSON.stringify(path)}: it is another program's database`, {
      hint: "name a new file, or one that this toolkit made",
    });
  }
  if (version > SCHEMA_VERSION) {
    const versions = `its schema is version ${version}, expected at most ${SCHEMA_VERSION}`;
    throw new ToolkitError("E_STORE_VERSION", `Cannot open index ${JSON.stringify(path)}: ${versions}`, {
      hint: "a newer onnx-graft wrote it: update this one",
    });
  }
  return version;
}
