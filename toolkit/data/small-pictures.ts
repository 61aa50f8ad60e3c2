import type { EncodedPicture } from "../images/decoder.ts";
import type { Viewed } from "./view.ts";

/** Decoded pictures so small that making their view takes less time than asking another process for it. */
export interface SmallPictures {
  /** Whether a picture may be small, as far as its bytes tell; one in a file of its own may become another. */
  mayHold(source: EncodedPicture): boolean;
  get(source: EncodedPicture, minSidePx: number | undefined): Viewed | undefined;
  put(source: EncodedPicture, minSidePx: number | undefined, pixels: Viewed): void;
}

/** More encoded bytes than a picture of 64 x 64 takes in most formats. */
const ENCODED_BYTES = 8 * 1024;
/** A picture of 72 x 72. */
const DECODED_BYTES = 16 * 1024;

/** Keeps small pictures for as long as somebody holds what they were decoded from, up to a limit in all. */
export function smallPictures(maxBytes: number = 512e6): SmallPictures {
  const kept = new WeakMap<object, { readonly minSidePx: number | undefined; readonly pixels: Viewed }>();
  const large = new WeakSet<object>();
  let bytes = 0;
  return {
    mayHold(source) {
      return typeof source === "object" && source.length <= ENCODED_BYTES && !large.has(source);
    },
    get(source, minSidePx) {
      const found = typeof source === "string" ? undefined : kept.get(source);
      return found && found.minSidePx === minSidePx ? found.pixels : undefined;
    },
    put(source, minSidePx, pixels) {
      if (typeof source === "string") return;
      const size = pixels.data.byteLength;
      if (size > DECODED_BYTES) large.add(source);
      else if (bytes + size <= maxBytes) {
        if (!kept.has(source)) bytes += size;
        // bytes of its own: what came from another process may be a piece of a larger buffer
        kept.set(source, { minSidePx, pixels: { ...pixels, data: new Uint8Array(pixels.data) } });
      }
    },
  };
}
