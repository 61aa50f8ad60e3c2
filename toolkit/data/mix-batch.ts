import { ToolkitError } from "../errors.ts";
import { hash } from "../graph/random.ts";
import type { Box, Size } from "../images/resample.ts";

/** How the pictures of a batch are mixed with each other, and their targets with them. */
export interface MixSettings {
  /** Pictures are laid over each other, in shares from Beta(alpha, alpha); 0 where absent: they are not. Zhang et al. 2018 have 0.1 to 0.4. */
  readonly mixupAlpha?: number;
  /** A box of one picture is put into another, its area from Beta(alpha, alpha); 0 where absent: none is. Yun et al. 2019 have 1. */
  readonly cutmixAlpha?: number;
  /** Share of the batches that are mixed; 1 where absent. */
  readonly mixProbability?: number;
  /** Where both are asked for, the share of the mixed batches that get boxes; 0.5 where absent. */
  readonly cutmixShare?: number;
}

/** Which batch it is: what is drawn for it follows from this alone. */
export interface MixOptions extends MixSettings {
  readonly seed: number;
  readonly epoch: number;
  readonly batch: number;
  /** [N]: rows of weight 0 are neither mixed nor mixed into others; all rows count where absent. */
  readonly weight?: ArrayLike<number>;
}

/** What was drawn for a batch. */
export interface Mix {
  /** What each row keeps of itself: lambda. With a box, the share of the area outside. */
  readonly share: number;
  /** The part that comes from the other picture; where absent all of it is a sum of both. */
  readonly box?: Box;
  /** The row with which each row is mixed; itself where it stays as it is. */
  readonly partners: Int32Array;
}

export interface MixedRows {
  /** [N,C,H,W] */
  readonly planes: Float32Array;
  /** [N,K] */
  readonly targets: Float32Array;
}

/** A number in (0, 1) for each purpose, always the same for the same purpose. */
type Draw = (purpose: number) => number;

const STREAM = 0x6d69_7855;
const [WHETHER, WHICH, PARTNER, ACROSS, DOWN, SHARE] = [0, 1, 2, 3, 4, 5] as const;
/** Numbers that one attempt to draw from a gamma distribution takes. */
const PER_ATTEMPT = 3;

/**
 * The rows of a batch mixed as `settings` say: planes [N,C,H,W] and the distributions [N,K] that are their targets. Nothing is changed in
 * place; where nothing is mixed the same arrays come back. Label smoothing of the loss comes to the same before and after.
 * @throws E_SETTING, E_SHAPE
 */
export function mixRows(
  planes: Float32Array,
  targets: Float32Array,
  shape: readonly [rows: number, channels: number, height: number, width: number],
  options: MixOptions,
): MixedRows {
  const [rows, channels, height, width] = shape;
  if (planes.length !== rows * channels * height * width || targets.length % rows !== 0) {
    const found = `${planes.length} values and ${targets.length} targets`;
    throw new ToolkitError(
      "E_SHAPE",
      `Cannot mix ${found}: expected as many as [${shape.join(",")}] has, and full rows`,
    );
  }
  const mix = drawMix(rows, { height, width }, options);
  if (!mix || mix.share === 1) return { planes, targets };
  return {
    planes: mix.box ? pasted(planes, shape, mix.box, mix.partners) : summed(planes, mix),
    targets: summed(targets, mix),
  };
}

/**
 * Draws how a batch is mixed; undefined where it is left as it is. One share and one box for the whole batch; each row goes with the one a drawn
 * number of rows further on, so that a batch in random order is mixed at random and no row with itself.
 * @throws E_SETTING
 */
export function drawMix(rows: number, { width, height }: Size, options: MixOptions): Mix | undefined {
  checkMix(options);
  const {
    seed,
    epoch,
    batch,
    weight,
    mixupAlpha = 0,
    cutmixAlpha = 0,
    mixProbability = 1,
    cutmixShare = 0.5,
  } = options;
  const counted = Array.from({ length: rows }, (_, i) => i).filter((i) => (weight?.[i] ?? 1) > 0);
  const draw: Draw = (purpose) => (hash(seed, STREAM, epoch, batch, purpose) + 0.5) / 0x1_0000_0000;
  if (counted.length < 2 || (mixupAlpha === 0 && cutmixAlpha === 0) || draw(WHETHER) >= mixProbability)
    return undefined;
  const cuts = mixupAlpha === 0 || (cutmixAlpha > 0 && draw(WHICH) < cutmixShare);
  const share = betaShare(cuts ? cutmixAlpha : mixupAlpha, draw);
  const partners = Int32Array.from({ length: rows }, (_, i) => i);
  const step = 1 + Math.floor(draw(PARTNER) * (counted.length - 1));
  for (const [k, row] of counted.entries()) partners[row] = counted[(k + step) % counted.length] ?? row;
  if (!cuts) return { share, partners };
  const box = boxOf(1 - share, { width, height }, draw);
  // as much as is left of it inside the picture
  return { share: 1 - (box.width * box.height) / (width * height), box, partners };
}

/**
 * Refuses settings that cannot be meant.
 * @throws E_SETTING
 */
export function checkMix({
  mixupAlpha = 0,
  cutmixAlpha = 0,
  mixProbability = 1,
  cutmixShare = 0.5,
}: MixSettings): void {
  const expect = (values: Readonly<Record<string, number>>, most: number, expected: string): void => {
    for (const [name, value] of Object.entries(values)) {
      if (value >= 0 && value <= most) continue;
      throw new ToolkitError("E_SETTING", `Cannot mix pictures with ${name} ${value}: expected ${expected}`);
    }
  };
  expect({ mixupAlpha, cutmixAlpha }, Number.MAX_VALUE, "a number of 0 or more");
  expect({ mixProbability, cutmixShare }, 1, "a number from 0 to 1");
}

/** The box of the paper: as wide and high as its share of the area says, around a point anywhere, cut off at the edges. */
function boxOf(area: number, { width, height }: Size, draw: Draw): Box {
  const side = Math.sqrt(area);
  const [left, right] = around(draw(ACROSS) * width, width * side, width);
  const [top, bottom] = around(draw(DOWN) * height, height * side, height);
  return { left, top, width: right - left, height: bottom - top };
}

/** To whole pixels. */
function around(centre: number, length: number, most: number): readonly [start: number, end: number] {
  return [Math.max(0, Math.round(centre - length / 2)), Math.min(most, Math.round(centre + length / 2))];
}

/** A number from Beta(alpha, alpha): of two from Gamma(alpha), the share of the first. In logarithms, since small alphas make tiny numbers. */
function betaShare(alpha: number, draw: Draw): number {
  const attempts =
    (first: number): Draw =>
    (purpose) =>
      draw(SHARE + first + 2 * purpose);
  const [a, b] = [logGamma(alpha, attempts(0)), logGamma(alpha, attempts(1))];
  return 1 / (1 + Math.exp(b - a));
}

/** The logarithm of a number from Gamma(shape), by Marsaglia and Tsang 2000; section 6 for shapes below 1. */
function logGamma(shape: number, draw: Draw): number {
  if (shape < 1) return logGamma(shape + 1, (purpose) => draw(purpose + 1)) + Math.log(draw(0)) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (let at = 0; ; at += PER_ATTEMPT) {
    // Box and Muller's transform
    const x = Math.sqrt(-2 * Math.log(draw(at))) * Math.cos(2 * Math.PI * draw(at + 1));
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(draw(at + 2)) < (x * x) / 2 + d - d * v + d * Math.log(v)) return Math.log(d * v);
  }
}

/** share of each row plus the rest of its partner. */
function summed(values: Float32Array, { share, partners }: Mix): Float32Array {
  const size = values.length / partners.length;
  const out = new Float32Array(values);
  for (const [row, partner] of partners.entries()) {
    if (row === partner) continue;
    const [at, from] = [row * size, partner * size];
    for (let i = 0; i < size; i++) out[at + i] = share * values[at + i]! + (1 - share) * values[from + i]!;
  }
  return out;
}

function pasted(
  planes: Float32Array,
  [rows, channels, height, width]: readonly [number, number, number, number],
  box: Box,
  partners: Int32Array,
): Float32Array {
  const out = new Float32Array(planes);
  for (let row = 0; row < rows; row++) {
    const partner = partners[row] ?? row;
    if (partner === row) continue;
    for (let line = 0; line < channels * box.height; line++) {
      const [c, y] = [Math.floor(line / box.height), box.top + (line % box.height)];
      const start = (c * height + y) * width + box.left;
      const from = partner * channels * height * width + start;
      out.set(planes.subarray(from, from + box.width), row * channels * height * width + start);
    }
  }
  return out;
}
