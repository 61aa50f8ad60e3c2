import { readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, cpus, release } from "node:os";
import { dirname, join } from "node:path";

/** What is asked of a machine before anything is loaded: small questions that take no time. */
export interface Machine {
  readonly platform: string;
  readonly arch: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of onnxruntime-node, and the folder of its libraries for this platform. */
  readonly runtime: { readonly version: string; readonly folder: string };
  /** What else results hold for: the system and the processor. */
  readonly about: string;
  /** Names in a folder; none where there is no such folder. */
  readonly list: (folder: string) => readonly string[];
  /** Whether a file has the text; not where there is no such file. */
  readonly mentions: (path: string, text: string) => boolean;
  /** Alike for files that are alike, by their size and time; undefined where there is none. */
  readonly stamp: (path: string) => string | undefined;
}

/** The machine that this process runs on. */
export function thisMachine(): Machine {
  const { platform, arch, env } = process;
  const require = createRequire(import.meta.url);
  const { version } = require("onnxruntime-node/package.json") as { readonly version: string };
  const place = dirname(require.resolve("onnxruntime-node/package.json"));
  return {
    platform,
    arch,
    env,
    runtime: { version, folder: join(place, "bin", "napi-v6", platform, arch) },
    about: `${platform} ${release()} ${arch}, ${availableParallelism()} cores of ${cpus()[0]?.model ?? "unknown make"}`,
    list: (folder) => unless(() => readdirSync(folder)) ?? [],
    mentions: (path, text) => unless(() => readFileSync(path, "latin1").includes(text)) ?? false,
    stamp: (path) => unless(() => textOf(statSync(path))),
  };
}

function textOf({ size, mtimeMs }: { readonly size: number; readonly mtimeMs: number }): string {
  return `${size} ${mtimeMs}`;
}

/** What is made, or nothing where there is no such file, or it is not for us to read. */
function unless<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
