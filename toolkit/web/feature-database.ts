import { errorMessage, ToolkitError } from "../errors.ts";
import type { FeatureStore, Platform } from "../fine-tune/platform.ts";

type OpenFeatures = NonNullable<Platform["featureStore"]>;

/** Features of all signatures, in memory: they last as long as the page. */
export function featureMemory(): OpenFeatures {
  const stores = new Map<string, Map<string, Float32Array>>();
  return async (signature, width) => {
    const key = `${width} ${signature}`;
    const rows = stores.get(key) ?? new Map<string, Float32Array>();
    stores.set(key, rows);
    return storeOf(rows, (hash, features) => rows.set(hash, features));
  };
}

const VERSION = 1;
const ROWS = "rows";

/**
 * Features in the browser's IndexedDB, from one visit to the next: what was computed is written when a run closes its store. A browser that refuses, as in some
 * private windows, or that has no room left, only makes the next run slower.
 */
export function featureDatabase(name: string, factory: IDBFactory = indexedDB): OpenFeatures {
  return async (signature, width) => {
    const key = `${width} ${signature}`;
    const db = await open(name, factory).catch(() => undefined);
    const rows = db ? await read(db, key).catch(() => new Map<string, Float32Array>()) : new Map();
    const added = new Map<string, Float32Array>();
    const store = storeOf(rows, (hash, features) => {
      rows.set(hash, features);
      added.set(hash, features);
    });
    return {
      ...store,
      async close() {
        await (db && write(db, key, added).catch(() => {}));
        db?.close();
      },
    };
  };
}

function storeOf(
  rows: ReadonlyMap<string, Float32Array>,
  put: (hash: string, features: Float32Array) => void,
): FeatureStore {
  return {
    get: (hash) => rows.get(hash),
    put: (hash, features) => {
      // the row may be a part of a batch that is used again
      put(hash, features.slice());
    },
    close: () => Promise.resolve(),
  };
}

async function open(name: string, factory: IDBFactory): Promise<IDBDatabase> {
  const opening = factory.open(name, VERSION);
  opening.addEventListener("upgradeneeded", () => opening.result.createObjectStore(ROWS));
  const db = await done(opening);
  // another tab may delete the database: this one must not stand in its way
  db.addEventListener("versionchange", () => db.close());
  return db;
}

/** The rows of one signature: all keys that begin with it. */
async function read(db: IDBDatabase, key: string): Promise<Map<string, Float32Array>> {
  const rows = db.transaction(ROWS).objectStore(ROWS);
  const range = IDBKeyRange.bound([key], [key, []]);
  const [keys, values] = await Promise.all([done(rows.getAllKeys(range)), done(rows.getAll(range))]);
  return new Map(keys.map((k, i) => [(k as [string, string])[1], values[i] as Float32Array]));
}

async function write(db: IDBDatabase, key: string, added: ReadonlyMap<string, Float32Array>): Promise<void> {
  if (added.size === 0) return;
  const transaction = db.transaction(ROWS, "readwrite");
  const rows = transaction.objectStore(ROWS);
  for (const [hash, features] of added) rows.put(features, [key, hash]);
  await new Promise<void>((resolve, reject) => {
    transaction.addEventListener("complete", () => resolve());
    transaction.addEventListener("abort", () =>
      reject(new ToolkitError("E_CACHE", `Cannot keep features: ${errorMessage(transaction.error)}`)),
    );
  });
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () =>
      reject(new ToolkitError("E_CACHE", `Cannot read features: ${errorMessage(request.error)}`)),
    );
  });
}
