import { readdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { ToolkitError } from "../errors.ts";
import { nearestNames } from "../nearest-names.ts";

/** An error for a path that does not exist, with the name in its folder that comes nearest. */
export async function notFound(path: string): Promise<ToolkitError> {
  const absolute = resolve(path);
  const siblings = await readdir(dirname(absolute)).catch(() => undefined);
  const [nearest] = nearestNames(basename(absolute), siblings ?? []);
  const hint =
    siblings === undefined
      ? `"${dirname(absolute)}" does not exist either`
      : nearest === undefined
        ? `"${dirname(absolute)}" exists, but has nothing of a similar name`
        : `did you mean "${join(dirname(path), nearest)}"?`;
  return new ToolkitError("E_DATA_NOT_FOUND", `Cannot find "${path}"`, { hint });
}
