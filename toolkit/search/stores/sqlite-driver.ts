import { ToolkitError, errorCode, errorMessage } from "../../errors.ts";

/** The part of `node:sqlite` that the store uses; the fallback package has the same API. */
export interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

export interface Statement {
  run(...parameters: readonly SqlValue[]): unknown;
  get(...parameters: readonly SqlValue[]): Row | undefined;
  all(...parameters: readonly SqlValue[]): Row[];
  setReadBigInts(on: boolean): void;
}

export type SqlValue = string | number | bigint | Uint8Array | null;
export type Row = Readonly<Record<string, SqlValue>>;
export type OpenDatabase = new (path: string, options: { readOnly: boolean }) => Database;

/** What the queries use: it keeps the prepared statements. */
export interface Connection {
  exec(sql: string): void;
  all(sql: string, ...values: readonly SqlValue[]): Row[];
  run(sql: string, ...values: readonly SqlValue[]): void;
  close(): void;
}

/** Versions before this one can lose commits when two connections reset the write-ahead log at the same time. */
const OLDEST = [3, 51, 3];

const DRIVERS = ["node:sqlite", "@photostructure/sqlite"];

/**
 * The SQLite that this Node has, or else the optional package.
 *
 * @throws E_STORE_DRIVER when neither is there in a version that is safe
 */
export async function loadSqlite(drivers: readonly string[] = DRIVERS): Promise<OpenDatabase> {
  const found: string[] = [];
  for (const driver of drivers) {
    const opener = await importDriver(driver);
    const version = opener && sqliteVersion(opener);
    if (opener && version && isSafe(version)) return opener;
    found.push(`${driver}: ${version ? `SQLite ${version}` : "not installed"}`);
  }
  throw new ToolkitError(
    "E_STORE_DRIVER",
    `Cannot open a database: expected SQLite ${OLDEST.join(".")} or newer (${found.join("; ")})`,
    { hint: "npm install @photostructure/sqlite@1, or run Node 24" },
  );
}

// the name is no literal, so that a bundler for browsers leaves it alone
async function importDriver(name: string): Promise<OpenDatabase | undefined> {
  try {
    const driver = (await import(name)) as { DatabaseSync: OpenDatabase };
    return driver.DatabaseSync;
  } catch (error) {
    const absent = ["ERR_UNKNOWN_BUILTIN_MODULE", "ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"];
    if (absent.includes(errorCode(error) ?? "")) return undefined;
    throw new ToolkitError("E_STORE_DRIVER", `Cannot load ${name}: ${errorMessage(error)}`, { cause: error });
  }
}

function sqliteVersion(Opener: OpenDatabase): string {
  const connection = connectionOver(new Opener(":memory:", { readOnly: false }));
  try {
    return String(connection.all("SELECT sqlite_version() AS version")[0]?.["version"]);
  } finally {
    connection.close();
  }
}

/** Whether a version such as "3.51.3" has no known bug that loses commits. */
export function isSafe(version: string): boolean {
  const parts = version.split(".").map(Number);
  for (const [i, least] of OLDEST.entries()) {
    const part = parts[i] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}

/** Runs it inside a transaction: all of it happens, or nothing. */
export function transaction<T>(database: Pick<Connection, "exec">, kind: "IMMEDIATE" | "DEFERRED", work: () => T): T {
  database.exec(`BEGIN ${kind}`);
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    try {
      database.exec("ROLLBACK");
    } catch {
      // SQLite has rolled back by itself, as it does on a full disk; the first error says why
    }
    throw error;
  }
}

const KEPT_STATEMENTS = 100;

/** A connection that prepares each statement once. */
export function connectionOver(database: Database): Connection {
  const statements = new Map<string, Statement>();
  function prepare(sql: string): Statement {
    const known = statements.get(sql);
    if (known) return known;
    const statement = database.prepare(sql);
    // image ids have 63 bits
    statement.setReadBigInts(true);
    if (statements.size >= KEPT_STATEMENTS) statements.clear();
    statements.set(sql, statement);
    return statement;
  }
  return {
    exec: (sql) => database.exec(sql),
    all: (sql, ...values) => prepare(sql).all(...values),
    run: (sql, ...values) => void prepare(sql).run(...values),
    close: () => {
      statements.clear();
      database.close();
    },
  };
}
