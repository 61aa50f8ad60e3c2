import { errorCode, errorMessage } from "../errors.ts";
import { type Photo, pathOf, sourceOf } from "../data/decode-photo.ts";
import { inOrder } from "../data/in-order.ts";
import type { BadFile } from "../data/sample.ts";
import { atOnceOf, viewPhoto } from "../data/view.ts";
import type { PhotoDecoder } from "../data/view.ts";
import type { TensorData } from "../graph/tensor.ts";
import type { Preprocessing } from "./metadata.ts";

export interface SeePhotosOptions {
  readonly decoder: PhotoDecoder;
  readonly preprocessing: Preprocessing;
  /** Photos in a batch. */
  readonly batchSize: number;
  readonly signal?: AbortSignal;
}

/** Some photos as a network sees them. */
export interface SeenPhotos {
  /** uint8 [N,H,W,3]; N may be 0. */
  readonly image: TensorData;
  /** The positions of these N photos in the list. */
  readonly indices: readonly number[];
  /** Photos before them that cannot be read. */
  readonly bad: readonly BadFile[];
  /** Photos read so far, these and the bad ones with them. */
  readonly done: number;
}

/** Decodes photos into batches, in their order; those that cannot be read are left out, and said. */
export async function* seePhotos(
  photos: readonly Photo[],
  { decoder, preprocessing, batchSize, signal }: SeePhotosOptions,
): AsyncGenerator<SeenPhotos> {
  const { sizePx, resizePx } = preprocessing;
  const load = async (i: number): Promise<Uint8Array | BadFile> => {
    try {
      return (await viewPhoto(decoder, sourceOf(photos[i] ?? ""), { sizePx, resizePx })).data;
    } catch (error) {
      const code = errorCode(error);
      if (!code?.startsWith("E_IMAGE_")) throw error;
      return { path: pathOf(photos[i] ?? ""), code, message: errorMessage(error) };
    }
  };
  const options = { concurrency: atOnceOf(decoder), ahead: 2 * batchSize, ...(signal ? { signal } : {}) };
  let pictures: Uint8Array[] = [];
  let indices: number[] = [];
  let bad: BadFile[] = [];
  let next = 0;
  for await (const item of inOrder(photos.length, load, options)) {
    const index = next++;
    if (item instanceof Uint8Array) {
      pictures.push(item);
      indices.push(index);
    } else bad.push(item);
    if (pictures.length < batchSize && next < photos.length) continue;
    yield { image: joined(pictures, sizePx), indices, bad, done: next };
    [pictures, indices, bad] = [[], [], []];
  }
}

function joined(pictures: readonly Uint8Array[], sizePx: number): TensorData {
  const each = sizePx * sizePx * 3;
  const data = new Uint8Array(pictures.length * each);
  for (const [i, picture] of pictures.entries()) data.set(picture, i * each);
  return { dtype: "uint8", shape: [pictures.length, sizePx, sizePx, 3], data };
}
