import type { Pixels } from "../decoder.ts";
import type { Size } from "../resample.ts";
import { warpAffine } from "./warp.ts";
import type { AffineMatrix, WarpOptions } from "./warp.ts";

export interface AffineMove {
  /** Clockwise, as torchvision's affine counts. */
  readonly degrees?: number;
  /** Pixels to the right, and down. */
  readonly translate?: readonly [number, number];
  readonly scale?: number;
  /** Along x and along y, in degrees. */
  readonly shearDegrees?: readonly [number, number];
  /** What keeps its place; the middle where absent. */
  readonly centre?: readonly [number, number];
}

/** Rotates, shears, scales and moves: torchvision's affine on Pillow pictures. */
export function affine(pixels: Pixels, move: AffineMove, options: WarpOptions = {}): Pixels {
  return warpAffine(pixels, affineMatrix(pixels, move), options);
}

/** Rotates around the middle, counterclockwise, the size kept: Pillow's Image.rotate. */
export function rotate(pixels: Pixels, degrees: number, options: WarpOptions = {}): Pixels {
  return warpAffine(pixels, rotationMatrix(pixels, degrees), options);
}

/** The matrix of Pillow's Image.rotate, whose sines have 15 digits behind the point. */
function rotationMatrix({ width, height }: Size, degrees: number): AffineMatrix {
  // Python's remainder: of the divisor's sign
  const angle = -radians(((degrees % 360) + 360) % 360);
  const [sine, cosine] = [Number(Math.sin(angle).toFixed(15)), Number(Math.cos(angle).toFixed(15))];
  const [x, y] = [width / 2, height / 2];
  return [cosine, sine, cosine * -x + sine * -y + x, -sine, cosine, -sine * -x + cosine * -y + y];
}

/** The inverse of moving, around `centre`, by scale, shear along x, along y, and rotation: torchvision's _get_inverse_affine_matrix. */
function affineMatrix(
  { width, height }: Size,
  {
    degrees = 0,
    translate: [right, down] = [0, 0],
    scale = 1,
    shearDegrees: [alongX, alongY] = [0, 0],
    centre: [x, y] = [width * 0.5, height * 0.5],
  }: AffineMove,
): AffineMatrix {
  const [angle, sx, sy] = [radians(degrees), radians(alongX), radians(alongY)];
  const a = Math.cos(angle - sy) / Math.cos(sy);
  const b = (-Math.cos(angle - sy) * Math.tan(sx)) / Math.cos(sy) - Math.sin(angle);
  const c = Math.sin(angle - sy) / Math.cos(sy);
  const d = (-Math.sin(angle - sy) * Math.tan(sx)) / Math.cos(sy) + Math.cos(angle);
  const [p, q, r, s] = [d / scale, -b / scale, -c / scale, a / scale];
  const [dx, dy] = [-x - right, -y - down];
  return [p, q, p * dx + q * dy + x, r, s, r * dx + s * dy + y];
}

function radians(degrees: number): number {
  return degrees * (Math.PI / 180);
}
