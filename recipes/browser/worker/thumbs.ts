/** Small pictures in the browser's IndexedDB. */
export interface Thumbs {
  get(key: string): Promise<Blob | undefined>;
  put(key: string, thumb: Blob): Promise<void>;
  clear(): Promise<void>;
}

const PICTURES = "pictures";

export function openThumbs(name: string): Thumbs {
  let opening: Promise<IDBDatabase> | undefined;
  const pictures = async (mode: IDBTransactionMode): Promise<IDBObjectStore> => {
    opening ??= open(name);
    return (await opening).transaction(PICTURES, mode).objectStore(PICTURES);
  };
  return {
    get: async (key) => done<Blob | undefined>((await pictures("readonly")).get(key)),
    async put(key, thumb) {
      await done((await pictures("readwrite")).put(thumb, key));
    },
    async clear() {
      await done((await pictures("readwrite")).clear());
    },
  };
}

function open(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.addEventListener("upgradeneeded", () => request.result.createObjectStore(PICTURES));
  return done(request);
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error ?? new Error("the browser keeps no small pictures")));
  });
}
