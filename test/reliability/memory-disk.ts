import { basename, dirname } from "node:path";
import type { Disk } from "../../toolkit/train/disk.ts";

/** Files by their paths. */
export type Files = Map<string, Uint8Array>;

/** A disk in memory. Folders are there wherever a file lies. */
export function memoryDisk(files: Files = new Map()): Disk {
  return {
    makeFolder: () => Promise.resolve(),
    list: (folder) =>
      Promise.resolve([...files.keys()].filter((path) => dirname(path) === folder).map((p) => basename(p))),
    read(path) {
      const bytes = files.get(path);
      return bytes ? Promise.resolve(bytes) : Promise.reject(absent(path));
    },
    create(path) {
      files.set(path, new Uint8Array());
      return Promise.resolve({
        write(bytes) {
          files.set(path, new Uint8Array(Buffer.concat([files.get(path) ?? new Uint8Array(), bytes])));
          return Promise.resolve();
        },
        sync: () => Promise.resolve(),
        close: () => Promise.resolve(),
      });
    },
    rename(from, to) {
      const bytes = files.get(from);
      if (!bytes) return Promise.reject(absent(from));
      files.set(to, bytes);
      files.delete(from);
      return Promise.resolve();
    },
    remove(path) {
      files.delete(path);
      return Promise.resolve();
    },
    syncFolder: () => Promise.resolve(),
  };
}

function absent(path: string): Error {
  return Object.assign(new Error(`ENOENT: no such file or directory, "${path}"`), { code: "ENOENT" });
}
