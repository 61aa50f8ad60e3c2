/** A file, and the folder that it lies in, where it lies in one. */
export interface Placed {
  readonly file: File;
  readonly folder?: string;
}

/** Everything that was dropped, folders with all they hold. */
export async function droppedFiles({ items, files }: DataTransfer): Promise<readonly Placed[]> {
  // entries are gone once the event is over: ask for all of them first
  const entries = [...items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  if (entries.length === 0) return placedFiles(files);
  const found = await Promise.all(entries.map((entry) => below(entry, undefined)));
  return found.flat();
}

/** The files of an input; those of a folder that was chosen know where they lie. */
export function placedFiles(files: Iterable<File>): readonly Placed[] {
  return [...files].map((file) => {
    const folder = file.webkitRelativePath.split("/").at(-2);
    return folder === undefined ? { file } : { file, folder };
  });
}

/** Folders that hold photos, and their photos; those that lie in none come under "". */
export function byFolder(placed: readonly Placed[]): ReadonlyMap<string, readonly File[]> {
  const folders = new Map<string, File[]>();
  for (const { file, folder = "" } of placed) {
    if (!isPhoto(file)) continue;
    folders.set(folder, [...(folders.get(folder) ?? []), file]);
  }
  return folders;
}

/** Whether a file is offered as a photo: what it really holds is seen when it is read. */
export function isPhoto({ name, type }: File): boolean {
  return !name.startsWith(".") && (type.startsWith("image/") || /\.(jpe?g|png|webp|gif|bmp|avif|heic)$/i.test(name));
}

export function isNetwork({ name }: File): boolean {
  return /\.onnx$/i.test(name);
}

async function below(entry: FileSystemEntry, folder: string | undefined): Promise<readonly Placed[]> {
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    return [{ file, ...(folder === undefined ? {} : { folder }) }];
  }
  const inside = await entriesOf((entry as FileSystemDirectoryEntry).createReader());
  const found = await Promise.all(inside.map((child) => below(child, entry.name)));
  return found.flat();
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}

/** A reader gives a hundred at a time, and nothing at the end. */
async function entriesOf(reader: FileSystemDirectoryReader): Promise<readonly FileSystemEntry[]> {
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}
