import { ToolkitError, errorMessage } from "../errors.ts";
import type { SourceModel } from "../export/source-model.ts";
import { decodeModel } from "../onnx/decode.ts";
import { sha256 } from "../data/sha256.ts";

/** What `openModel` may be told about a model that its file does not say. */
export interface OpenModelOptions extends Partial<Omit<SourceModel, "model" | "sha256" | "file">> {
  /** Ends the download. */
  readonly signal?: AbortSignal;
  /** What the file must be, in hexadecimal. */
  readonly expectedSha256?: string;
}

/**
 * Opens a model from its bytes, a file that somebody chose, or an address. All weights must be in the one file.
 * @throws E_MODEL_*, E_DOWNLOAD, E_DOWNLOAD_CHECKSUM
 */
export async function openModel(from: Uint8Array | Blob | URL, options: OpenModelOptions = {}): Promise<SourceModel> {
  const { signal, expectedSha256, name = nameOf(from), ...stated } = options;
  const bytes = await bytesOf(from, signal);
  const digest = await sha256(bytes);
  if (expectedSha256 !== undefined && digest !== expectedSha256) {
    throw new ToolkitError(
      "E_DOWNLOAD_CHECKSUM",
      `Cannot use "${name}": its sha256 is ${digest}, expected ${expectedSha256}`,
      { hint: "the file is damaged or another one: load the page again" },
    );
  }
  return { ...stated, model: decodeModel(bytes, { name: `"${name}"` }), name, sha256: digest };
}

function nameOf(from: Uint8Array | Blob | URL): string {
  if (from instanceof URL) return from.pathname.split("/").at(-1) ?? from.href;
  return from instanceof File ? from.name : "model.onnx";
}

async function bytesOf(from: Uint8Array | Blob | URL, signal: AbortSignal | undefined): Promise<Uint8Array> {
  if (from instanceof Uint8Array) return from;
  if (from instanceof Blob) return new Uint8Array(await from.arrayBuffer());
  try {
    const response = await fetch(from, signal ? { signal } : {});
    if (!response.ok) throw new Error(`the server says ${response.status} ${response.statusText}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    throw new ToolkitError("E_DOWNLOAD", `Cannot load "${nameOf(from)}": ${errorMessage(cause)}`, { cause });
  }
}
