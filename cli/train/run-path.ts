import { readdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { ToolkitError } from "../../toolkit/errors.ts";

/**
 * The folder of a run for which none was named: `runs/DATA-N`, the first that is free, or for going on the last one there is.
 * @throws E_RUN_FOLDER where there is none to go on with
 */
export async function defaultRunFolder(data: string, { resume }: { readonly resume: boolean }): Promise<string> {
  const name = basename(resolve(data)) || "run";
  const numbers = (await readdir("runs").catch(() => [] as string[])).flatMap((entry) => {
    const number = entry.startsWith(`${name}-`) ? entry.slice(name.length + 1) : "";
    return /^[1-9]\d*$/.test(number) ? [Number(number)] : [];
  });
  const last = Math.max(0, ...numbers);
  if (!resume) return join("runs", `${name}-${last + 1}`);
  if (last > 0) return join("runs", `${name}-${last}`);
  throw new ToolkitError("E_RUN_FOLDER", `Cannot resume: there is no run called ${join("runs", `${name}-1`)}`, {
    hint: "name the folder of the interrupted run with --out",
  });
}
