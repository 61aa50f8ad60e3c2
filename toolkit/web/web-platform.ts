import { isPixels } from "../data/decode-photo.ts";
import type { PhotoDecoder } from "../data/view.ts";
import type { Platform } from "../fine-tune/platform.ts";
import { pictureName } from "../images/picture-name.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { featureMemory } from "./feature-database.ts";
import { blobOf, pageDecoder, readBlob } from "./page-decoder.ts";
import { sha256 } from "../data/sha256.ts";

export interface WebPlatformOptions {
  readonly runtime: Runtime;
  /** The files that paths stand for. */
  readonly photos?: ReadonlyMap<string, Blob>;
  /** `pageDecoder` of the photos where absent. */
  readonly decoder?: PhotoDecoder;
  /** Where features are kept: `featureDatabase("...")` from one visit to the next; in memory where absent. */
  readonly featureStore?: NonNullable<Platform["featureStore"]>;
  /** A clock in milliseconds that never goes back. */
  readonly now?: () => number;
}

/** What a fine-tuning run needs of a page. */
export function webPlatform(options: WebPlatformOptions): Platform {
  const { runtime, photos, decoder, featureStore = featureMemory(), now } = options;
  return {
    runtime,
    decoder: decoder ?? pageDecoder(photos ? { photos } : {}),
    async hashFile(source) {
      if (!isPixels(source)) return sha256(new Uint8Array(await readBlob(blobOf(source, photos), pictureName(source))));
      const extents = new TextEncoder().encode(`${source.width} ${source.height} `);
      return sha256(Uint8Array.from([...extents, ...source.data]));
    },
    featureStore,
    ...(now ? { now } : {}),
  };
}
