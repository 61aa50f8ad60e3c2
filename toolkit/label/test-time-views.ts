import { ToolkitError } from "../errors.ts";
import { decodePhoto } from "../data/decode-photo.ts";
import type { PhotoSource } from "../data/sample.ts";
import { type PhotoDecoder, type Viewed, viewPhoto } from "../data/view.ts";
import type { Pixels } from "../images/decoder.ts";
import { centreBox, resample, shorterSideSize } from "../images/resample.ts";

/**
 * How often a network sees each photo, whose answers are averaged then. "flip": the middle and its mirror image; "five": the middle and the
 * four corners; "ten": these and their mirror images; a number: so many, in the order of `testTimeViews`.
 */
export type TestTimeViews = "flip" | "five" | "ten" | number;

/** A square of a photo whose shorter side was resized to `resizePx`: at its start, middle or end, both ways, mirrored left to right or not. */
export interface PlacedView {
  readonly resizePx: number;
  readonly x: 0 | 0.5 | 1;
  readonly y: 0 | 0.5 | 1;
  readonly flip: boolean;
}

/** The squares of one photo that a network sees, the plain one first. */
export interface SeenPhoto {
  readonly pictures: readonly Pixels[];
  readonly sha256?: string | undefined;
}

const NAMED: ReadonlyMap<string, string> = new Map([
  ["flip", "the middle and its mirror image"],
  ["five", "the middle and the corners"],
  ["ten", "these and their mirror images"],
]);

/**
 * The views in their order, each followed by its mirror image: the middle, which is what the network sees without any others; the corners
 * (as torchvision's FiveCrop and TenCrop have them); then, of the photo made so small that its shorter side is the network's, the middle and
 * both ends. Sixteen; ten where the network's own size is that small.
 * @throws E_SETTING
 */
export function testTimeViews(
  views: TestTimeViews,
  { sizePx, resizePx }: { readonly sizePx: number; readonly resizePx: number },
): readonly PlacedView[] {
  const at = (px: number, x: 0 | 0.5 | 1, y: 0 | 0.5 | 1): readonly PlacedView[] =>
    [false, true].map((flip) => ({ resizePx: px, x, y, flip }));
  const middle = at(resizePx, 0.5, 0.5);
  const corners = [at(resizePx, 0, 0), at(resizePx, 1, 0), at(resizePx, 0, 1), at(resizePx, 1, 1)].flat();
  const whole = [at(sizePx, 0.5, 0.5), at(sizePx, 0, 0), at(sizePx, 1, 1)].flat();
  const ten = [...middle, ...corners];
  if (views === "flip") return middle;
  if (views === "five") return ten.filter(({ flip }) => !flip);
  if (views === "ten") return ten;
  const all = resizePx > sizePx ? [...ten, ...whole] : ten;
  if (Number.isInteger(views) && views >= 1 && views <= all.length) return all.slice(0, views);
  throw new ToolkitError(
    "E_SETTING",
    `Cannot see photos in ${JSON.stringify(views)} views: expected ${[...NAMED.keys()].join(", ")} or a whole number from 1 to ${all.length}`,
    { hint: [...NAMED].map(([name, what]) => `${name}: ${what}`).join("; ") },
  );
}

/** One view of a decoded photo, `sizePx` by `sizePx`. */
export function placedView(pixels: Pixels, sizePx: number, { resizePx, x, y, flip }: PlacedView): Pixels {
  const size = shorterSideSize(pixels, resizePx);
  const middle = centreBox(size, sizePx);
  const window = {
    ...middle,
    left: x === 0.5 ? middle.left : x * (size.width - sizePx),
    top: y === 0.5 ? middle.top : y * (size.height - sizePx),
  };
  return resample(pixels, { ...size, window, flip });
}

/** A photo in all of its views, decoded once. @throws as `Decoder.decode` */
export async function seeViews(
  decoder: PhotoDecoder,
  source: PhotoSource,
  views: readonly PlacedView[],
  { sizePx, resizePx }: { readonly sizePx: number; readonly resizePx: number },
): Promise<SeenPhoto> {
  if (views.length === 1) {
    // whoever decodes makes the view there
    const viewed = await viewPhoto(decoder, source, { sizePx, resizePx });
    return { pictures: [viewed], sha256: viewed.sha256 };
  }
  const decoded: Viewed = await decodePhoto(decoder, source, { minSidePx: resizePx });
  return { pictures: views.map((view) => placedView(decoded, sizePx, view)), sha256: decoded.sha256 };
}

/** The mean of rows of one length. */
export function meanRow(rows: readonly Float32Array[]): Float32Array {
  const [first, ...others] = rows;
  if (!first || others.length === 0) return first ?? new Float32Array(0);
  return first.map((value, i) => others.reduce((sum, row) => sum + (row[i] ?? 0), value) / rows.length);
}
