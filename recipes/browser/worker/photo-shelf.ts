import { type PhotoDecoder, pageDecoder, type Pixels, sha256 } from "../../../toolkit/web.ts";
import type { AddedPhoto } from "../calls.ts";

/** The photos of the page by name. */
export interface PhotoShelf {
  readonly photos: ReadonlyMap<string, Blob>;
  readonly decoder: PhotoDecoder;
  /** Takes a photo in, decoded once for its small picture and for training; another one of the same name gets a number. @throws E_IMAGE_* */
  add(file: Blob, name: string, resizePx: number): Promise<AddedPhoto>;
  remove(names: readonly string[]): void;
}

export function openShelf(): PhotoShelf {
  const photos = new Map<string, Blob>();
  const decoder = pageDecoder({ photos });
  return {
    photos,
    decoder,
    async add(file, wanted, resizePx) {
      const name = freeName(wanted, photos);
      photos.set(name, file);
      try {
        const pixels = await decoder.decode(name, { minSidePx: resizePx });
        const bytes = new Uint8Array(await file.arrayBuffer());
        return { name, sha256: await sha256(bytes), thumb: await thumbOf(pixels) };
      } catch (error) {
        photos.delete(name);
        throw error;
      }
    },
    remove(names) {
      for (const name of names) photos.delete(name);
    },
  };
}

/** A small picture as a file. */
export async function thumbOf(pixels: Pixels): Promise<Blob> {
  const canvas = new OffscreenCanvas(pixels.width, pixels.height);
  canvas.getContext("2d")?.putImageData(rgba(pixels), 0, 0);
  return canvas.convertToBlob({ type: "image/jpeg", quality: 0.8 });
}

function rgba({ width, height, data }: Pixels): ImageData {
  const image = new ImageData(width, height);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    image.data[to] = data[from]!;
    image.data[to + 1] = data[from + 1]!;
    image.data[to + 2] = data[from + 2]!;
    image.data[to + 3] = 255;
  }
  return image;
}

function freeName(wanted: string, taken: ReadonlyMap<string, unknown>): string {
  if (!taken.has(wanted)) return wanted;
  let number = 2;
  while (taken.has(`${wanted} (${number})`)) number++;
  return `${wanted} (${number})`;
}
