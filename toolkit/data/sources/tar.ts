import { createReadStream } from "node:fs";
import { posix } from "node:path";
import { pipeline } from "node:stream/promises";
import { extract } from "tar-stream";
import type { Header } from "tar-stream";
import { errorMessage, ToolkitError } from "../../errors.ts";
import type { DataSource } from "../entry.ts";
import type { BadFile } from "../sample.ts";
import { compareNames } from "../compare-names.ts";
import { type Found, isLeftBehind, isPhotoName, type Scan } from "../scan.ts";
import { treeSource } from "./tree.ts";

/** Bytes that are read at once. */
const PIECE_BYTES = 2 ** 20;

/**
 * Reads a tar of photos, whose folders say what those of a data folder do: see `treeSource`. A folder around everything is passed over. Photos stay
 * where they are, as parts of the file; links are not followed.
 * @throws E_DATA_FORMAT where it is broken; as treeSource
 */
export async function readTar(path: string): Promise<DataSource> {
  return treeSource(path, await scanTar(path));
}

async function scanTar(path: string): Promise<Scan> {
  const found = new Map<string, Found>();
  const bad: BadFile[] = [];
  const take = (header: Header): void => {
    const id = posix.normalize(header.name).replace(/^(?:\.\.?\/)+|^\/+/, "");
    const parts = id.split("/");
    const name = `${path}/${id}`;
    if (header.type === "directory" || parts.some(isLeftBehind)) return;
    if (header.type !== "file" && header.type !== "contiguous-file") {
      bad.push({
        path: name,
        code: "E_IMAGE_READ",
        message: `Cannot read "${name}": expected a file, not a ${header.type}`,
      });
    } else if (!isPhotoName(id)) {
      bad.push({
        path: name,
        code: "E_IMAGE_FORMAT",
        message: `Cannot use "${name}": expected JPEG, PNG, WebP, GIF or TIFF`,
      });
    } else {
      // the last of one name is the one that unpacking would leave
      const picture = { file: path, offset: offsetOf(header), length: header.size };
      found.set(id, { path: name, parts, picture });
    }
  };
  const entries = extract();
  entries.on("entry", (header, content, next) => {
    take(header);
    content.on("end", next);
    // where the archive is cut off, both fail; the archive's own error is thrown below
    content.on("error", () => {});
    content.resume();
  });
  try {
    await pipeline(createReadStream(path, { highWaterMark: PIECE_BYTES }), entries);
  } catch (error) {
    throw new ToolkitError("E_DATA_FORMAT", `Cannot read the archive "${path}": ${errorMessage(error)}`, {
      cause: error,
      hint: "download or write it again, or unpack it yourself and give the folder",
    });
  }
  const photos = [...found.values()].toSorted((a, b) => compareNames(a.parts.join("/"), b.parts.join("/")));
  return { photos: withoutCommonFolder(photos), folders: [], bad };
}

/** Where the content begins: tar-stream says it, but not its types. */
function offsetOf(header: Header): number {
  if ("byteOffset" in header && typeof header.byteOffset === "number") return header.byteOffset;
  throw new ToolkitError("E_DATA_FORMAT", `Cannot find "${header.name}": tar-stream does not say where it begins`);
}

/** The photos without the one folder around everything, such as the archive's own name. */
function withoutCommonFolder(photos: readonly Found[]): readonly Found[] {
  const [first] = photos;
  const common = first?.parts[0];
  const isCommon = photos.every(({ parts }) => parts.length > 2 && parts[0] === common);
  if (!first || !isCommon) return photos;
  return withoutCommonFolder(photos.map((photo) => ({ ...photo, parts: photo.parts.slice(1) })));
}
