import { fetchFile } from "../models/download.ts";
import type { DownloadOptions } from "../models/download.ts";
import type { FetchFile } from "../toolkit/data/sources/source-options.ts";

/** Largest photo; the decoder takes none that is larger. */
const MOST_BYTES = 200e6;

/** Gets photos from their addresses into the cache, where they stay. */
export function photoFetcher(options: DownloadOptions): FetchFile {
  return async (url, sha256) => (await fetchFile({ urls: [url], sha256, maxBytes: MOST_BYTES }, options)).path;
}
