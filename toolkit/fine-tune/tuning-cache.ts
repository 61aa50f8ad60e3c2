import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import type { CacheUsage } from "../data/feature-cache.ts";
import { hashBytes } from "../data/hash.ts";
import { writeDurably } from "../train/checkpoint-folder.ts";
import type { TuningStore } from "./platform.ts";

/** A tuning, and what a writer that was killed left of one. */
const FILE_NAME = /^[0-9a-f]{64}\.json(\.tmp-\d+)?$/;

/** What was found by timing, a small file for each, in `tunings` below the folder of `cacheFolder`. */
export function openTunings({ folder, machine = thisMachine() }: { folder: string; machine?: string }): TuningStore {
  const place = join(folder, "tunings");
  const pathOf = (about: string): string => join(place, `${hashBytes(new TextEncoder().encode(about))}.json`);
  return {
    machine,
    // what cannot be read is measured anew
    get: (about) => readFile(pathOf(about), "utf8").catch(() => undefined),
    async set(about, text) {
      await mkdir(place, { recursive: true, mode: 0o700 });
      await writeDurably(pathOf(about), text);
    },
  };
}

/** The runtime, its version, the processor and how much of it there is. */
function thisMachine(): string {
  const runtime = createRequire(import.meta.url)("onnxruntime-node/package.json") as { readonly version: string };
  const processor = `${availableParallelism()} cores of ${cpus()[0]?.model ?? "unknown make"}`;
  return `onnxruntime-node ${runtime.version} on ${process.platform} ${process.arch}, ${processor}`;
}

/** How much tunings take on disk. */
export async function tuningUsage(folder: string): Promise<CacheUsage> {
  const paths = await tuningFiles(folder);
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
  return { files: paths.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

/** Removes all tunings, and nothing else; returns what was removed. */
export async function clearTunings(folder: string): Promise<CacheUsage> {
  const usage = await tuningUsage(folder);
  for (const path of await tuningFiles(folder)) await rm(path, { force: true });
  return usage;
}

async function tuningFiles(folder: string): Promise<readonly string[]> {
  const place = join(folder, "tunings");
  const names = await readdir(place).catch(() => [] as string[]);
  return names.filter((name) => FILE_NAME.test(name)).map((name) => join(place, name));
}
