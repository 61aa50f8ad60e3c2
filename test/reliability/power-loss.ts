import { dirname } from "node:path";
import { uniform } from "../../toolkit/graph/random.ts";
import type { Disk } from "../../toolkit/train/disk.ts";
import { memoryDisk } from "./memory-disk.ts";
import type { Files } from "./memory-disk.ts";

/** One call of a writer; `file` is a number for each file that was ever made, whatever it is called now. */
type Entry =
  | { readonly kind: "create"; readonly path: string; readonly file: number }
  | { readonly kind: "write"; readonly file: number; readonly bytes: Uint8Array }
  | { readonly kind: "sync"; readonly file: number }
  | { readonly kind: "rename"; readonly from: string; readonly to: string; readonly file: number }
  | { readonly kind: "remove"; readonly path: string }
  | { readonly kind: "syncFolder"; readonly folder: string };

/** A change of a folder. */
type Change = Extract<Entry, { readonly kind: "create" | "rename" | "remove" }>;

/** What a writer did, call by call, on a disk in memory. */
export interface Recording {
  readonly disk: Disk;
  readonly entries: readonly Entry[];
}

/** A disk that keeps a log of what is done to it. */
export function recordingDisk(): Recording {
  const entries: Entry[] = [];
  const disk = memoryDisk();
  const numbers = new Map<string, number>();
  let made = 0;
  const recording: Disk = {
    ...disk,
    async create(path) {
      const inner = await disk.create(path);
      const file = numbers.get(path) ?? made++;
      numbers.set(path, file);
      entries.push({ kind: "create", path, file });
      return {
        async write(bytes) {
          await inner.write(bytes);
          entries.push({ kind: "write", file, bytes: bytes.slice() });
        },
        async sync() {
          await inner.sync();
          entries.push({ kind: "sync", file });
        },
        close: () => inner.close(),
      };
    },
    async rename(from, to) {
      await disk.rename(from, to);
      const file = numbers.get(from) ?? -1;
      numbers.set(to, file);
      numbers.delete(from);
      entries.push({ kind: "rename", from, to, file });
    },
    async remove(path) {
      await disk.remove(path);
      if (numbers.delete(path)) entries.push({ kind: "remove", path });
    },
    async syncFolder(folder) {
      await disk.syncFolder(folder);
      entries.push({ kind: "syncFolder", folder });
    },
  };
  return { disk: recording, entries };
}

const BLOCK = 4096;

/**
 * One of the states in which a loss of power may leave the disk after the first `count` calls, drawn by `seed`. Of a file, what was not synced
 * stays up to any byte, and its last block may hold anything. Of a folder, any of the changes that were not synced may be missing.
 */
export function afterPowerLoss(entries: readonly Entry[], count: number, seed: number): Files {
  let drawn = 0;
  const draw = (): number => uniform(seed, 6, drawn++);
  const past = entries.slice(0, count);
  const names = new Map<string, number>();
  for (const change of changesThatStayed(past, draw)) {
    if (change.kind !== "create") names.delete(change.kind === "rename" ? change.from : change.path);
    if (change.kind === "create") names.set(change.path, change.file);
    if (change.kind === "rename") names.set(change.to, change.file);
  }
  return new Map([...names].map(([path, file]) => [path, contentThatStayed(past, file, draw)]));
}

function changesThatStayed(past: readonly Entry[], draw: () => number): readonly Change[] {
  return past.flatMap((entry, at) => {
    if (entry.kind !== "create" && entry.kind !== "rename" && entry.kind !== "remove") return [];
    const folder = dirname(entry.kind === "rename" ? entry.to : entry.path);
    const isSynced = past.slice(at).some((later) => later.kind === "syncFolder" && later.folder === folder);
    return isSynced || draw() < 0.5 ? [entry] : [];
  });
}

function contentThatStayed(past: readonly Entry[], file: number, draw: () => number): Uint8Array {
  let written: Uint8Array = new Uint8Array();
  let synced = 0;
  for (const entry of past) {
    if (!("file" in entry) || entry.file !== file) continue;
    if (entry.kind === "create") [written, synced] = [new Uint8Array(), 0];
    if (entry.kind === "write") written = Buffer.concat([written, entry.bytes]);
    if (entry.kind === "sync") synced = written.length;
  }
  const kept = synced + Math.floor((written.length - synced + 1) * draw());
  const content = written.slice(0, kept);
  if (draw() < 0.5) return content;
  for (let i = Math.max(synced, kept - BLOCK); i < kept; i++) content[i] = Math.floor(256 * draw());
  return content;
}
