import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import type { Hash } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Which version of which address the bytes so far are from. */
export interface Validator {
  readonly url: string;
  readonly etag?: string;
}

/**
 * A file on its way to `target`: a folder beside it with the bytes so far and their validator. While one process writes it, the folder has a
 * name of that process's own; else it is called `TARGET.partial`, and whoever renames it goes on with it. So two processes never write
 * to one file, and no lock can be left behind.
 */
export class PartialFile {
  readonly #target: string;
  readonly #folder: string;

  private constructor(target: string, folder: string) {
    this.#target = target;
    this.#folder = folder;
  }

  /** Takes over what an earlier attempt left, or one that nobody has written to for `staleMs`; else starts empty. */
  static async claim(target: string, staleMs: number): Promise<PartialFile> {
    await mkdir(dirname(target), { recursive: true });
    const own = `${target}.${randomUUID()}.partial`;
    for (const left of [freeName(target), ...(await stale(target, staleMs))]) {
      if (await renamed(left, own)) return new PartialFile(target, own);
    }
    await mkdir(own);
    return new PartialFile(target, own);
  }

  /** How many bytes are there. */
  async size(): Promise<number> {
    return (await stat(this.#data).catch(() => undefined))?.size ?? 0;
  }

  async validator(): Promise<Validator | undefined> {
    try {
      const saved: unknown = JSON.parse(await readFile(this.#validator, "utf8"));
      return isValidator(saved) ? saved : undefined;
    } catch {
      return undefined;
    }
  }

  async hashInto(hash: Hash): Promise<void> {
    for await (const chunk of createReadStream(this.#data)) hash.update(chunk as Uint8Array);
  }

  /** Throws away the bytes so far. */
  async clear(): Promise<void> {
    await rm(this.#data, { force: true });
    await rm(this.#validator, { force: true });
  }

  /** Writes chunks behind what is there, and to the disk itself before it resolves. */
  async append(validator: Validator, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    await writeFile(this.#validator, JSON.stringify(validator));
    const handle = await open(this.#data, "a");
    try {
      for await (const chunk of chunks) await handle.appendFile(chunk);
      await handle.sync();
    } finally {
      await handle.close();
    }
  }

  /** Makes the bytes the target, replacing what stood there. */
  async finish(): Promise<void> {
    await rename(this.#data, this.#target);
    await this.#discard();
  }

  /** Leaves the bytes for a later attempt; where another one left some too, those stay. */
  async keep(): Promise<void> {
    if ((await this.size()) === 0 || !(await renamed(this.#folder, freeName(this.#target)))) await this.#discard();
  }

  async #discard(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #data(): string {
    return join(this.#folder, "data");
  }

  get #validator(): string {
    return join(this.#folder, "validator.json");
  }
}

function freeName(target: string): string {
  return `${target}.partial`;
}

async function stale(target: string, staleMs: number): Promise<readonly string[]> {
  const folder = dirname(target);
  const names = (await readdir(folder)).filter((n) => n.startsWith(`${basename(target)}.`) && n.endsWith(".partial"));
  const paths = names.map((n) => join(folder, n)).filter((path) => path !== freeName(target));
  const old = await Promise.all(paths.map(async (path) => Date.now() - (await lastWritten(path)) > staleMs));
  return paths.filter((_, i) => old[i]);
}

async function lastWritten(folder: string): Promise<number> {
  const times = await Promise.all(
    [folder, join(folder, "data")].map(async (path) => (await stat(path).catch(() => undefined))?.mtimeMs ?? 0),
  );
  return Math.max(...times) || Date.now();
}

/** Whether the rename succeeded: it fails where `from` is gone, or `to` is a folder that is not empty. */
async function renamed(from: string, to: string): Promise<boolean> {
  return rename(from, to).then(
    () => true,
    () => false,
  );
}

function isValidator(v: unknown): v is Validator {
  if (typeof v !== "object" || v === null || !("url" in v) || typeof v.url !== "string") return false;
  return !("etag" in v) || typeof v.etag === "string";
}
