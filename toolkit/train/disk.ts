import { mkdir, open, readFile, readdir, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/** A file that is being written. */
export interface DiskFile {
  /** Appends all of the bytes, which must not change until then. */
  write(bytes: Uint8Array): Promise<void>;
  /** Returns once what was written outlasts a loss of power. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** What durable files need of a file system: that of Node, or one that is handed in to see what becomes of them where it fails. Rejects with the system's own errors. */
export interface Disk {
  /** Makes a folder, and those above it, so that they outlast a loss of power. */
  makeFolder(path: string): Promise<void>;
  list(folder: string): Promise<readonly string[]>;
  read(path: string): Promise<Uint8Array>;
  /** Makes a file, or empties the one that is there. */
  create(path: string): Promise<DiskFile>;
  rename(from: string, to: string): Promise<void>;
  /** A file that is not there counts as removed. */
  remove(path: string): Promise<void>;
  /** Returns once what was made, renamed and removed in a folder outlasts a loss of power. */
  syncFolder(folder: string): Promise<void>;
}

/** The files of this machine. */
export const nodeDisk: Disk = {
  async makeFolder(path) {
    const made = await mkdir(path, { recursive: true });
    if (made === undefined) return;
    const top = dirname(resolve(made));
    for (let folder = resolve(path); folder !== top; folder = dirname(folder)) await syncFolder(dirname(folder));
  },
  list: (folder) => readdir(folder),
  read: (path) => readFile(path),
  async create(path) {
    const file = await open(path, "w");
    return {
      // not writeFile, which comes back to this thread after every half of a megabyte
      async write(bytes) {
        for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at)).bytesWritten;
      },
      sync: () => file.sync(),
      close: () => file.close(),
    };
  },
  rename: (from, to) => rename(from, to),
  remove: (path) => rm(path, { force: true }),
  syncFolder,
};

/** A folder cannot be synced on Windows; there a rename is as durable as it gets. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
