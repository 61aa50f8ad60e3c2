import { lstat, open, readdir, realpath, stat } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import { errorCode, errorMessage } from "../errors.ts";
import type { BadFile, FilePart } from "./sample.ts";
import { compareNames } from "./compare-names.ts";

export interface Found {
  readonly path: string;
  /** Where it is, if not in a file of its own. */
  readonly picture?: FilePart;
  /** The parts of the path below the scanned folder; the last one is the file's name. */
  readonly parts: readonly string[];
}

export interface Scan {
  /** In order of their parts. */
  readonly photos: readonly Found[];
  /** Folders directly below the scanned one. */
  readonly folders: readonly string[];
  /** What is left out, and why; hidden files and those that systems leave behind are not mentioned. */
  readonly bad: readonly BadFile[];
}

interface Pending extends Found {
  readonly realPath: string;
}

const EXTENSIONS = new Set([".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".tif", ".tiff", ".avif"]);
const LEFT_BEHIND = new Set(["thumbs.db", "desktop.ini", "__macosx", "@eadir"]);

/**
 * Finds every photo below a folder, once each. Known names are taken as they are, the others by their first bytes; what they hold is decided when
 * they are decoded. Links are followed within the folder only.
 */
export async function scanFolder(folder: string): Promise<Scan> {
  const root = await realpath(folder);
  const photos: Found[] = [];
  const bad: BadFile[] = [];
  const folders: string[] = [];
  const seen = new Set<string>([root]);
  const links: Found[] = [];

  const leaveOut = (path: string, code: string, message: string): void => {
    bad.push({ path, code, message });
  };

  const take = async ({ path, parts, realPath }: Pending): Promise<void> => {
    if (seen.has(realPath)) return;
    seen.add(realPath);
    const refusal = await refusalOf(path);
    if (refusal) leaveOut(path, refusal.code, refusal.message);
    else photos.push({ path, parts });
  };

  const walk = async (start: Pending): Promise<void> => {
    const waiting = [start];
    for (let at = waiting.pop(); at; at = waiting.pop()) {
      const here = at;
      const entries = await readdir(here.path, { withFileTypes: true }).catch((error: unknown) => {
        leaveOut(here.path, "E_IMAGE_READ", `Cannot read the folder "${here.path}": ${errorMessage(error)}`);
        return [];
      });
      for (const entry of entries.toSorted((a, b) => compareNames(a.name, b.name))) {
        if (isLeftBehind(entry.name)) continue;
        const found = { path: join(here.path, entry.name), parts: [...here.parts, entry.name] };
        const pending = { ...found, realPath: join(here.realPath, entry.name) };
        if (entry.isSymbolicLink()) links.push(found);
        else if (entry.isFile()) await take(pending);
        else if (entry.isDirectory()) {
          if (found.parts.length === 1) folders.push(entry.name);
          if (seen.has(pending.realPath)) continue;
          seen.add(pending.realPath);
          waiting.push(pending);
        } else leaveOut(found.path, "E_IMAGE_READ", `Cannot read "${found.path}": expected a file, a folder or a link`);
      }
    }
  };

  // links last, so that a photo keeps the place where it really lies
  const follow = async (link: Found): Promise<void> => {
    const target = await realpath(link.path).catch(() => undefined);
    if (target === undefined) {
      return leaveOut(link.path, "E_IMAGE_READ", `Cannot follow the link "${link.path}": it leads nowhere`);
    }
    if (target !== root && !target.startsWith(root.endsWith(sep) ? root : root + sep)) {
      return leaveOut(link.path, "E_IMAGE_READ", `Cannot follow the link "${link.path}": it leads out of "${folder}"`);
    }
    const status = await stat(target);
    if (status.isFile()) await take({ ...link, realPath: target });
    else if (status.isDirectory() && !seen.has(target)) {
      seen.add(target);
      if (link.parts.length === 1) folders.push(link.parts[0] ?? "");
      await walk({ ...link, realPath: target });
    }
  };

  await walk({ path: folder, parts: [], realPath: root });
  for (let link = links.shift(); link; link = links.shift()) await follow(link);
  photos.sort((a, b) => compareNames(a.parts.join("/"), b.parts.join("/")));
  return { photos, folders: folders.toSorted(compareNames), bad };
}

/** Whether a file or folder is hidden, or left behind by a system. */
export function isLeftBehind(name: string): boolean {
  return name.startsWith(".") || LEFT_BEHIND.has(name.toLowerCase());
}

/** Whether a file is called as photos are. */
export function isPhotoName(path: string): boolean {
  return EXTENSIONS.has(extname(path).toLowerCase());
}

async function refusalOf(path: string): Promise<{ readonly code: string; readonly message: string } | undefined> {
  // a name that is not UTF-8 comes with the replacement character, and opens nothing
  if (path.includes("\u{FFFD}") && (await lstat(path).catch(() => undefined)) === undefined) {
    return { code: "E_IMAGE_READ", message: `Cannot read "${path}": its name is not UTF-8` };
  }
  if (isPhotoName(path)) return undefined;
  try {
    if (await startsLikePhoto(path)) return undefined;
  } catch (error) {
    return { code: "E_IMAGE_READ", message: `Cannot read "${path}": ${errorCode(error) ?? errorMessage(error)}` };
  }
  return { code: "E_IMAGE_FORMAT", message: `Cannot use "${path}": expected JPEG, PNG, WebP, GIF or TIFF` };
}

async function startsLikePhoto(path: string): Promise<boolean> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(12), 0, 12, 0);
    const start = buffer.toString("latin1", 0, bytesRead);
    return /^(?:\xFF\xD8\xFF|\x89PNG|GIF8|RIFF[^]{4}WEBP)/.test(start);
  } finally {
    await file.close();
  }
}
