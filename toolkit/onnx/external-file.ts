import * as fs from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import { errorMessage, ToolkitError } from "../errors.ts";
import type { ReadExternal } from "./external.ts";

/**
 * Reads external data from the folder of the model at `modelPath`, and from nowhere else: no symbolic link, no hard link, no other kind of file.
 * @throws E_MODEL_EXTERNAL, from the function that is returned
 */
export function externalReader(modelPath: string): ReadExternal {
  return (location, offset, length) => {
    const folder = fs.realpathSync(dirname(resolve(modelPath)));
    const path = containedPath(folder, location);
    const file = openFile(path, location);
    try {
      checkFile(file, path, location, offset + length);
      return readRange(file, location, offset, length);
    } finally {
      fs.closeSync(file);
    }
  };
}

/** The file's path with links on the way to it resolved; the file itself may still be a link. */
function containedPath(folder: string, location: string): string {
  const wanted = resolve(folder, location);
  let parent: string;
  try {
    parent = fs.realpathSync(dirname(wanted));
  } catch (cause) {
    return refuse(location, "it does not exist", cause);
  }
  if (parent !== folder && !parent.startsWith(folder.endsWith(sep) ? folder : folder + sep))
    refuse(location, "it lies outside the model folder");
  return join(parent, basename(wanted));
}

function openFile(path: string, location: string): number {
  try {
    // Windows has neither flag (undefined, which counts as 0); the check for links below holds there. Without O_NONBLOCK a pipe would wait for its writer.
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
    return fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ELOOP") return refuse(location, "it is a symbolic link");
    return refuse(location, code === "ENOENT" ? "it does not exist" : errorMessage(cause), cause);
  }
}

function checkFile(file: number, path: string, location: string, end: number): void {
  const opened = fs.fstatSync(file);
  const named = fs.lstatSync(path);
  if (named.isSymbolicLink()) refuse(location, "it is a symbolic link");
  // someone may have exchanged the file or a folder above it after the path was checked
  if (named.ino !== opened.ino || named.dev !== opened.dev) refuse(location, "it was exchanged while it was opened");
  if (!opened.isFile()) refuse(location, "it is no regular file");
  // a second name may be that of a file elsewhere, which the model's author could not read but its user can
  if (opened.nlink > 1) refuse(location, "it is a hard link to another file");
  if (end > opened.size) refuse(location, `it has ${opened.size} bytes, ${end} are needed`);
}

function readRange(file: number, location: string, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const count = fs.readSync(file, bytes, done, length - done, offset + done);
    if (count === 0) refuse(location, "it became shorter while it was read");
    done += count;
  }
  return bytes;
}

function refuse(location: string, why: string, cause?: unknown): never {
  throw new ToolkitError("E_MODEL_EXTERNAL", `Cannot read the model's external data "${location}": ${why}`, {
    hint: "external data must be a plain file (no link) in the model's own folder",
    cause,
  });
}
