import type { Decoder } from "../../images/decoder.ts";
import { decodePhoto, sourceOf } from "../decode-photo.ts";
import type { Entry } from "../entry.ts";
import { hashFile } from "../hash.ts";
import type { Viewed } from "../view.ts";
import { greyscale, type PerceptualHash, perceptualHash } from "./perceptual-hash.ts";
import { thumbnailOf } from "./thumbnail.ts";

/** What copies of a photo are found by. */
export interface PhotoPrint extends PerceptualHash {
  /** Of its bytes, or of its pixels where it has no bytes of its own. */
  readonly sha256: string;
  /** Greys, 16 by 16. */
  readonly thumbnail: Uint8Array;
  /** Its shorter side, as far as it was decoded. */
  readonly sidePx: number;
}

export type PrintOf = (entry: Entry) => Promise<PhotoPrint>;

export interface PhotoPrintOptions {
  /**
   * Shorter side at which photos are decoded: where training does it at the same, what it keeps of them serves both; 64
   * where absent.
   */
  readonly minSidePx?: number;
}

/** Makes prints of photos, which throws as `Decoder.decode` does. */
export function photoPrints(decoder: Decoder, { minSidePx = 64 }: PhotoPrintOptions = {}): PrintOf {
  return async (entry) => {
    const source = sourceOf(entry);
    const pixels: Viewed = await decodePhoto(decoder, source, { minSidePx });
    const sha256 = pixels.sha256 ?? (await hashFile(source));
    const grey = greyscale(pixels);
    const sidePx = Math.min(pixels.width, pixels.height);
    return { sha256, ...perceptualHash(grey), thumbnail: thumbnailOf(grey), sidePx };
  };
}
