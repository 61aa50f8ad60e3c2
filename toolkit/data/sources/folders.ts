import { stat } from "node:fs/promises";
import { ToolkitError } from "../../errors.ts";
import type { DataSource } from "../entry.ts";
import { notFound } from "../not-found.ts";
import { type Scan, scanFolder } from "../scan.ts";
import { heldOutTree, treeSource } from "./tree.ts";

/**
 * Reads a folder of photos: see `treeSource`.
 * @throws E_DATA_NOT_FOUND, E_DATA_EMPTY, E_DATA_ONE_CLASS, E_DATA_LAYOUT, E_DATA_CLASSES
 */
export async function readFolders(root: string): Promise<DataSource> {
  return treeSource(root, await scanExisting(root));
}

/**
 * Reads the photos of a folder that known classes are measured on: see `heldOutTree`.
 * @throws E_DATA_NOT_FOUND, E_DATA_EMPTY, E_DATA_LAYOUT, E_DATA_CLASSES
 */
export async function readHeldOut(root: string, classes: readonly string[]): Promise<DataSource> {
  return heldOutTree(root, await scanExisting(root), classes);
}

/**
 * The scan of a folder that must exist.
 * @throws E_DATA_NOT_FOUND
 */
async function scanExisting(root: string): Promise<Scan> {
  const status = await stat(root).catch(() => undefined);
  if (status?.isDirectory()) return scanFolder(root);
  if (status) throw new ToolkitError("E_DATA_NOT_FOUND", `Cannot read the data in "${root}": expected a folder`);
  throw await notFound(root);
}
