import { type IndexOptions, type LabelIndex, indexOn } from "./label-index.ts";
import type { Store } from "./store.ts";

/**
 * Opens an index: a file, which is made where there is none, or a store.
 * @throws E_STORE, E_STORE_VERSION, E_STORE_DRIVER
 */
export async function openIndex(pathOrStore: string | Store, options: IndexOptions = {}): Promise<LabelIndex> {
  if (typeof pathOrStore !== "string") return indexOn(pathOrStore, options);
  // loaded when asked for, so that whoever brings another store needs no SQLite
  const { sqliteStore } = await import("./stores/sqlite.ts");
  return indexOn(await sqliteStore(pathOrStore, { readOnly: options.readOnly ?? false }), options);
}
