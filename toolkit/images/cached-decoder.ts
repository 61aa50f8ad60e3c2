import { errorCode } from "../errors.ts";
import type { DecodeOptions, Decoder, Pixels } from "./decoder.ts";

export interface CachedDecoderOptions {
  /** Most memory that the kept pictures take; 1 GB where absent. */
  readonly budgetBytes?: number;
}

export interface CachedDecoder extends Decoder {
  readonly usedBytes: number;
}

/** What looking again cannot change. */
const LASTING = new Set(["E_IMAGE_FORMAT", "E_IMAGE_DECODE", "E_IMAGE_TOO_LARGE"]);

/**
 * A decoder that keeps the pictures of files in memory, so that later epochs do not decode again; it remembers broken files too.
 *
 * Once the budget is spent nothing more is kept and nothing is thrown out: an epoch visits every picture once, so that the oldest is always
 * the next one wanted.
 */
export function cachedDecoder(decoder: Decoder, { budgetBytes = 1e9 }: CachedDecoderOptions = {}): CachedDecoder {
  const kept = new Map<string, Promise<Pixels>>();
  let usedBytes = 0;
  const decodeOnce = async (path: string, options: DecodeOptions, key: string): Promise<Pixels> => {
    try {
      const pixels = await decoder.decode(path, options);
      if (usedBytes + pixels.data.byteLength <= budgetBytes) usedBytes += pixels.data.byteLength;
      else kept.delete(key);
      return pixels;
    } catch (error) {
      if (!LASTING.has(errorCode(error) ?? "")) kept.delete(key);
      throw error;
    }
  };
  return {
    get usedBytes() {
      return usedBytes;
    },
    decode(source, options = {}) {
      if (typeof source !== "string") return decoder.decode(source, options);
      const key = `${options.minSidePx ?? ""}:${source}`;
      const decoding = kept.get(key) ?? decodeOnce(source, options, key);
      kept.set(key, decoding);
      return decoding;
    },
  };
}
