import { affine, rotate } from "../images/augment/affine.ts";
import type { Colour } from "../images/augment/colour.ts";
import { brightness, contrast, saturation, sharpness } from "../images/augment/enhance.ts";
import { erase, eraseWithNoise } from "../images/augment/erase.ts";
import { flipHorizontal, flipVertical } from "../images/augment/flip.ts";
import { gaussianBlur } from "../images/augment/gaussian-blur.ts";
import { gaussianNoise } from "../images/augment/noise.ts";
import { grayscale } from "../images/augment/grayscale.ts";
import { autocontrast, equalize } from "../images/augment/histogram.ts";
import { hue } from "../images/augment/hue.ts";
import { invert, posterize, solarize } from "../images/augment/levels.ts";
import { perspective } from "../images/augment/perspective.ts";
import type { Pixels } from "../images/decoder.ts";
import type { Box, Size } from "../images/resample.ts";
import { between, seedOf, shuffled, wholeBetween } from "./augment-draws.ts";
import { augMix, randAugment, trivialAugment } from "./augment-policy.ts";
import type { Roll, StepName, StepOptions } from "./augment-step.ts";

/** A step: what it takes, with what is taken where nothing is said, and what it does. */
export interface StepKind {
  readonly probability: number;
  readonly defaults: StepOptions;
  readonly apply: (pixels: Pixels, options: Required<StepOptions>, roll: Roll) => Pixels;
}

/** Every step by its name. Ranges and probabilities are those that torchvision's transforms have or that papers on them use. */
export const stepKinds: Readonly<Record<StepName, StepKind>> = {
  "flip-horizontal": kind(0.5, {}, flipHorizontal),
  "flip-vertical": kind(0.5, {}, flipVertical),
  rotate: kind(1, { degrees: 15, interpolation: "bilinear", fill: 0 }, (pixels, { degrees, ...o }, roll) =>
    rotate(pixels, between(roll, -degrees, degrees), filling(o)),
  ),
  affine: kind(
    1,
    { degrees: 0, translate: 0.1, minScale: 0.9, maxScale: 1.1, shear: 0, interpolation: "bilinear", fill: 0 },
    randomAffine,
  ),
  perspective: kind(0.5, { distortion: 0.5, interpolation: "bilinear", fill: 0 }, randomPerspective),
  "color-jitter": kind(1, { brightness: 0, contrast: 0, saturation: 0, hue: 0 }, colorJitter),
  grayscale: kind(0.1, {}, grayscale),
  blur: kind(0.5, { minSigma: 0.1, maxSigma: 2 }, (pixels, { minSigma, maxSigma }, roll) =>
    gaussianBlur(pixels, between(roll, minSigma, maxSigma)),
  ),
  noise: kind(0.5, { sigma: 0.05 }, (pixels, { sigma }, roll) => gaussianNoise(pixels, sigma * 255, seedOf(roll))),
  sharpness: kind(0.5, { amount: 0.9 }, (pixels, { amount }, roll) => sharpness(pixels, nearOne(roll, amount))),
  posterize: kind(0.5, { bits: 4 }, (pixels, { bits }) => posterize(pixels, bits)),
  solarize: kind(0.5, { threshold: 128 }, (pixels, { threshold }) => solarize(pixels, threshold)),
  equalize: kind(0.5, {}, equalize),
  autocontrast: kind(0.5, {}, autocontrast),
  invert: kind(0.5, {}, invert),
  cutout: kind(1, { side: 0.5, fill: 0 }, cutout),
  erase: kind(0.5, { minArea: 0.02, maxArea: 0.33, minRatio: 0.3, maxRatio: 3.3, noise: false, fill: 0 }, randomErase),
  "rand-augment": kind(
    1,
    { operations: 2, magnitude: 9, bins: 31, interpolation: "nearest", fill: 0 },
    (pixels, o, roll) => randAugment(pixels, filling(o), roll),
  ),
  "trivial-augment": kind(1, { bins: 31, interpolation: "nearest", fill: 0 }, (pixels, o, roll) =>
    trivialAugment(pixels, filling(o), roll),
  ),
  "aug-mix": kind(
    1,
    { severity: 3, width: 3, depth: 0, alpha: 1, allOperations: true, interpolation: "bilinear", fill: 0 },
    (pixels, o, roll) => augMix(pixels, filling(o), roll),
  ),
};

type Given<K extends keyof StepOptions> = Pick<Required<StepOptions>, K>;

function kind<K extends keyof StepOptions>(
  probability: number,
  defaults: Given<K>,
  apply: (pixels: Pixels, options: Given<K>, roll: Roll) => Pixels,
): StepKind {
  return { probability, defaults, apply };
}

/** The options with their colour as three levels. */
function filling<O extends { readonly fill: number | readonly number[] }>(
  options: O,
): Omit<O, "fill"> & { readonly fill: Colour } {
  return { ...options, fill: colourOf(options.fill) };
}

function colourOf(fill: number | readonly number[]): Colour {
  const [red = 0, green = red, blue = red] = [fill].flat();
  return [red, green, blue];
}

/** A factor around 1, never below 0. */
function nearOne(roll: Roll, amount: number): number {
  return between(roll, Math.max(0, 1 - amount), 1 + amount);
}

/** torchvision's RandomAffine. */
function randomAffine(
  pixels: Pixels,
  {
    degrees,
    translate,
    minScale,
    maxScale,
    shear,
    ...o
  }: Given<"degrees" | "translate" | "minScale" | "maxScale" | "shear" | "interpolation" | "fill">,
  roll: Roll,
): Pixels {
  const { width, height } = pixels;
  const move = {
    degrees: between(roll, -degrees, degrees),
    translate: [
      Math.round(between(roll, -translate, translate) * width),
      Math.round(between(roll, -translate, translate) * height),
    ],
    scale: between(roll, minScale, maxScale),
    shearDegrees: [between(roll, -shear, shear), 0],
  } as const;
  return affine(pixels, move, filling(o));
}

/** torchvision's RandomPerspective: each corner moves towards the middle on its own. */
function randomPerspective(
  pixels: Pixels,
  { distortion, ...o }: Given<"distortion" | "interpolation" | "fill">,
  roll: Roll,
): Pixels {
  const { width, height } = pixels;
  const inX = (): number => wholeBetween(roll, 0, Math.trunc(distortion * Math.floor(width / 2)));
  const inY = (): number => wholeBetween(roll, 0, Math.trunc(distortion * Math.floor(height / 2)));
  const [right, bottom] = [width - 1, height - 1];
  return perspective(
    pixels,
    [
      [inX(), inY()],
      [right - inX(), inY()],
      [right - inX(), bottom - inY()],
      [inX(), bottom - inY()],
    ],
    filling(o),
  );
}

/** torchvision's ColorJitter: the changes in a random order. */
function colorJitter(
  pixels: Pixels,
  amounts: Given<"brightness" | "contrast" | "saturation" | "hue">,
  roll: Roll,
): Pixels {
  const changes: readonly (readonly [number, (picture: Pixels) => Pixels])[] = [
    [amounts.brightness, (picture) => brightness(picture, nearOne(roll, amounts.brightness))],
    [amounts.contrast, (picture) => contrast(picture, nearOne(roll, amounts.contrast))],
    [amounts.saturation, (picture) => saturation(picture, nearOne(roll, amounts.saturation))],
    [amounts.hue, (picture) => hue(picture, between(roll, -amounts.hue, amounts.hue))],
  ];
  let picture = pixels;
  for (const i of shuffled(roll, changes.length)) {
    const [amount, change] = changes[i] as (typeof changes)[number];
    if (amount > 0) picture = change(picture);
  }
  return picture;
}

/** A square around any pixel, as much of it as lies inside (T. DeVries and G. W. Taylor, "Cutout", 2017). */
function cutout(pixels: Pixels, { side, fill }: Given<"side" | "fill">, roll: Roll): Pixels {
  const { width, height } = pixels;
  const px = Math.round(side * Math.min(width, height));
  const left = wholeBetween(roll, 0, width - 1) - Math.floor(px / 2);
  const top = wholeBetween(roll, 0, height - 1) - Math.floor(px / 2);
  return erase(pixels, { left, top, width: px, height: px }, colourOf(fill));
}

type Erasing = Given<"minArea" | "maxArea" | "minRatio" | "maxRatio" | "noise" | "fill">;

function randomErase(pixels: Pixels, options: Erasing, roll: Roll): Pixels {
  const box = erasedBox(pixels, options, roll);
  if (!box) return pixels;
  return options.noise ? eraseWithNoise(pixels, box, seedOf(roll)) : erase(pixels, box, colourOf(options.fill));
}

/** Rectangles that are tried before nothing is erased. */
const ATTEMPTS = 10;

/** The rectangle of torchvision's RandomErasing.get_params: area uniform, ratio uniform in its logarithm. */
function erasedBox({ width, height }: Size, o: Erasing, roll: Roll): Box | undefined {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const area = width * height * between(roll, o.minArea, o.maxArea);
    const ratio = o.minRatio * (o.maxRatio / o.minRatio) ** roll();
    const h = Math.round(Math.sqrt(area * ratio));
    const w = Math.round(Math.sqrt(area / ratio));
    if (h >= height || w >= width) continue;
    return { left: wholeBetween(roll, 0, width - w), top: wholeBetween(roll, 0, height - h), width: w, height: h };
  }
  return undefined;
}
