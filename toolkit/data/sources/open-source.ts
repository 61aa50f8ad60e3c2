import { ToolkitError } from "../../errors.ts";
import type { DataSource } from "../entry.ts";
import { quotedList } from "../quoted-list.ts";
import { readCifar } from "./cifar.ts";
import { readContainer } from "./container.ts";
import { readFolders } from "./folders.ts";
import { readIdx } from "./idx.ts";
import { readManifest } from "./manifest.ts";
import { readNpz } from "./npz.ts";
import { type SourceKind, sourceKind } from "./source-kind.ts";
import type { SourceOptions } from "./source-options.ts";
import { readTar } from "./tar.ts";

type Reader = (path: string, options: SourceOptions) => Promise<DataSource>;

const READERS: Readonly<Record<SourceKind, Reader>> = {
  folders: readFolders,
  manifest: readManifest,
  tar: readTar,
  cifar: readCifar,
  idx: readIdx,
  npz: readNpz,
  container: readContainer,
};

/**
 * Reads what a path holds, by content and not by name: a folder of photos, a table of them, a tar, the files of MNIST, CIFAR or MedMNIST, or an index of
 * pictures that stand in one file.
 * @throws E_DATA_NOT_FOUND, naming what is read; as the reader of what it is
 */
export async function openSource(path: string, options: SourceOptions = {}): Promise<DataSource> {
  const kind = await sourceKind(path);
  const { targets, numbers = [] } = options;
  const columns = targets ?? numbers;
  if (kind !== "manifest" && columns.length > 0) {
    throw new ToolkitError(
      "E_DATA_LAYOUT",
      `Cannot learn ${quotedList(columns)} of "${path}": expected a table (CSV, TSV, JSON lines) with such columns`,
    );
  }
  return READERS[kind](path, options);
}
