import { ToolkitError } from "../errors.ts";

/** Where a tensor's bytes lie outside the model file. */
export interface ExternalData {
  /** Path relative to the model's folder, with forward slashes. */
  readonly location: string;
  readonly offset: number;
  /** Bytes; absent where the entry leaves it to the tensor's shape. */
  readonly length: number | undefined;
}

/** Reads `length` bytes at `offset` of the file at `location`, which is relative to the model's folder. */
export type ReadExternal = (location: string, offset: number, length: number) => Uint8Array;

export interface ExternalEntry {
  readonly key?: string | null;
  readonly value?: string | null;
}

// a checksum is SHA-1 and optional: nothing relies on it
const KEYS: ReadonlySet<string> = new Set(["location", "offset", "length", "checksum"]);

/**
 * The external_data entries of a tensor; `where` names it in errors.
 * @throws E_MODEL_EXTERNAL for unknown or repeated keys, numbers that are no lengths, and a location outside the model's folder
 */
export function parseExternalData(entries: readonly ExternalEntry[], where: string): ExternalData {
  const values = new Map<string, string>();
  for (const entry of entries) {
    const key = entry.key ?? "";
    if (!KEYS.has(key) || values.has(key)) {
      const what = KEYS.has(key) ? "repeats" : "has the unknown";
      throw new ToolkitError("E_MODEL_EXTERNAL", `Cannot read ${where}: its external data ${what} key "${key}"`);
    }
    values.set(key, entry.value ?? "");
  }
  const location = values.get("location") ?? "";
  checkLocation(location, where);
  const length = values.get("length");
  return {
    location,
    offset: parseCount(values.get("offset") ?? "0", "offset", where),
    length: length === undefined ? undefined : parseCount(length, "length", where),
  };
}

function parseCount(text: string, key: string, where: string): number {
  const n = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(n)) return n;
  throw new ToolkitError(
    "E_MODEL_EXTERNAL",
    `Cannot read ${where}: the ${key} of its external data is "${text}", expected a count of bytes`,
  );
}

/** What can be told from the text alone; links are a matter of the reader. */
function checkLocation(location: string, where: string): void {
  const refuse = (what: string): never => {
    throw new ToolkitError("E_MODEL_EXTERNAL", `Cannot read ${where}: it points ${what} ("${location}")`, {
      hint: "external data must be a file in the model's own folder",
    });
  };
  if (location === "" || location.includes("\0")) refuse("to no file");
  const parts = location.split(/[/\\]/);
  // a drive letter, a root or a server's share
  if (parts[0] === "" || /^[a-z]:/i.test(location)) refuse("to an absolute path");
  if (parts.includes("..")) refuse("outside the model folder");
  if (location.includes("\\")) refuse("to a path with backslashes");
}
