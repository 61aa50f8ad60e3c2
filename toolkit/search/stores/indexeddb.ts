import { ToolkitError, errorMessage } from "../../errors.ts";
import type { Plan } from "../plan.ts";
import type { Change, EmbeddingRow, FileRow, FoundRow, LabelRow, PhotoRow, Store, StoreStats } from "../store.ts";
import { MemoryStore } from "./memory.ts";

const VERSION = 1;
/** One record for each batch of changes, in the order of their keys. */
const LOG = "log";
/** The log is written anew as what it amounts to once it has so many times the changes that are needed, and at least this many. */
const COMPACT_FACTOR = 2;
const COMPACT_FROM = 1000;

/**
 * A store in a browser's IndexedDB: the log of all changes lies there, what they amount to is held in memory, so a search is one in memory.
 * Several tabs may share a database: each first reads what the others have written. The log is made short again as it grows.
 * @throws E_STORE where the browser refuses the database, as in some private windows, or where it is full
 */
export async function indexedDbStore(name: string, factory: IDBFactory = indexedDB): Promise<Store> {
  const opening = factory.open(name, VERSION);
  opening.addEventListener("upgradeneeded", () => opening.result.createObjectStore(LOG, { autoIncrement: true }));
  const db = await done(opening, `open the index "${name}"`);
  // another tab may delete the database: this one must not stand in its way
  db.addEventListener("versionchange", () => db.close());
  const store = new IndexedDbStore(db);
  try {
    await store.size();
  } catch (error) {
    db.close();
    throw error;
  }
  return store;
}

class IndexedDbStore implements Store {
  readonly name = "indexeddb";
  readonly #db: IDBDatabase;
  #memory = new MemoryStore();
  /** Key of the last record that memory has; 0 before the first. */
  #seen = 0;
  /** Changes in the log up to there. */
  #logged = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(db: IDBDatabase) {
    this.#db = db;
  }

  async write(changes: readonly Change[]): Promise<void> {
    await this.#inTurn("readwrite", "write to the index", async (log) => {
      await this.#catchUp(log);
      await this.#memory.write(changes);
      this.#seen = Number(await done(log.add(changes), "write to the index"));
      this.#logged += changes.length;
      if (this.#logged >= COMPACT_FROM) await this.#compact(log);
    });
  }

  labels(after: number): Promise<readonly LabelRow[]> {
    return this.#ask((m) => m.labels(after));
  }

  size(): Promise<number> {
    return this.#ask((m) => m.size());
  }

  counts(labelIds: readonly number[]): Promise<readonly number[]> {
    return this.#ask((m) => m.counts(labelIds));
  }

  find(plan: Plan): Promise<readonly FoundRow[]> {
    return this.#ask((m) => m.find(plan));
  }

  photos(imageIds: readonly bigint[]): Promise<readonly PhotoRow[]> {
    return this.#ask((m) => m.photos(imageIds));
  }

  file(path: string): Promise<FileRow | undefined> {
    return this.#ask((m) => m.file(path));
  }

  failures(): Promise<readonly { readonly path: string; readonly code: string }[]> {
    return this.#ask((m) => m.failures());
  }

  embedding(imageId: bigint): Promise<EmbeddingRow | undefined> {
    return this.#ask((m) => m.embedding(imageId));
  }

  embeddings(modelId: number, after: bigint, limit: number): Promise<readonly EmbeddingRow[]> {
    return this.#ask((m) => m.embeddings(modelId, after, limit));
  }

  stats(): Promise<StoreStats> {
    return this.#ask((m) => m.stats());
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  #ask<T>(question: (memory: MemoryStore) => Promise<T>): Promise<T> {
    return this.#inTurn("readonly", "read the index", async (log) => {
      await this.#catchUp(log);
      return question(this.#memory);
    });
  }

  /** Reads what other tabs have written since; everything, where one of them made the log short. */
  async #catchUp(log: IDBObjectStore): Promise<void> {
    if (this.#seen > 0 && (await done(log.getKey(this.#seen), "read the index")) === undefined) this.#forget();
    const behind = IDBKeyRange.lowerBound(this.#seen, true);
    const keys = await done(log.getAllKeys(behind), "read the index");
    if (keys.length === 0) return;
    const records: readonly (readonly Change[])[] = await done(log.getAll(behind), "read the index");
    for (const [i, changes] of records.entries()) {
      await this.#memory.write(changes);
      this.#seen = Number(keys[i]);
      this.#logged += changes.length;
    }
  }

  async #compact(log: IDBObjectStore): Promise<void> {
    const changes = this.#memory.changes();
    if (this.#logged < COMPACT_FACTOR * changes.length) return;
    await done(log.clear(), "write to the index");
    this.#seen = Number(await done(log.add(changes), "write to the index"));
    this.#logged = changes.length;
  }

  #forget(): void {
    this.#memory = new MemoryStore();
    this.#seen = 0;
    this.#logged = 0;
  }

  /** One call after the other, as all of them read the log into the same memory. */
  #inTurn<T>(mode: IDBTransactionMode, what: string, work: (log: IDBObjectStore) => Promise<T>): Promise<T> {
    const before = this.#turn;
    const result = (async () => {
      await before.catch(() => {});
      return this.#transaction(mode, what, work);
    })();
    this.#turn = result;
    return result;
  }

  /** What `work` does happens whole or not at all; resolves once the browser has taken it. */
  async #transaction<T>(mode: IDBTransactionMode, what: string, work: (log: IDBObjectStore) => Promise<T>): Promise<T> {
    const transaction = begin(this.#db, mode, what);
    const complete = new Promise<void>((resolve, reject) => {
      transaction.addEventListener("complete", () => resolve());
      transaction.addEventListener("abort", () => reject(failed(what, transaction.error)));
    });
    complete.catch(() => {});
    try {
      const result = await work(transaction.objectStore(LOG));
      await complete;
      return result;
    } catch (error) {
      abort(transaction);
      // memory may be ahead of what the database has
      this.#forget();
      throw error;
    }
  }
}

function begin(db: IDBDatabase, mode: IDBTransactionMode, what: string): IDBTransaction {
  try {
    return db.transaction(LOG, mode, { durability: "strict" });
  } catch (error) {
    throw failed(what, error);
  }
}

/** One that is over by itself cannot be aborted. */
function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch {}
}

function done<T>(request: IDBRequest<T>, what: string): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(failed(what, request.error)));
  });
}

function failed(what: string, cause: unknown): ToolkitError {
  const isFull = cause instanceof DOMException && cause.name === "QuotaExceededError";
  const hint = isFull ? "make room: remove photos from the index, or allow this page more storage" : undefined;
  return new ToolkitError("E_STORE", `Cannot ${what}: ${errorMessage(cause)}`, {
    cause,
    ...(hint === undefined ? {} : { hint }),
  });
}
