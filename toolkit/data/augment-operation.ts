import { affine, rotate } from "../images/augment/affine.ts";
import { brightness, contrast, saturation, sharpness } from "../images/augment/enhance.ts";
import { autocontrast, equalize } from "../images/augment/histogram.ts";
import { posterize, solarize } from "../images/augment/levels.ts";
import type { WarpOptions } from "../images/augment/warp.ts";
import type { Pixels } from "../images/decoder.ts";
import type { Size } from "../images/resample.ts";

/** The operations that the policies draw from, as torchvision's autoaugment.py names and defines them. */
export type OperationName =
  | "Identity"
  | "ShearX"
  | "ShearY"
  | "TranslateX"
  | "TranslateY"
  | "Rotate"
  | "Brightness"
  | "Color"
  | "Contrast"
  | "Sharpness"
  | "Posterize"
  | "Solarize"
  | "AutoContrast"
  | "Equalize";

/** An operation and how strong it is in each bin. */
export interface Operation {
  readonly name: OperationName;
  /** None where there is nothing to choose. */
  readonly magnitudes: readonly number[];
  /** Whether it goes either way. */
  readonly isSigned: boolean;
}

type Apply = (pixels: Pixels, magnitude: number, options: WarpOptions) => Pixels;

const operations: Readonly<Record<OperationName, Apply>> = {
  Identity: (pixels) => pixels,
  // around the corner, as torchvision does
  ShearX: (pixels, m, o) => affine(pixels, { shearDegrees: [slant(m), 0], centre: [0, 0] }, o),
  ShearY: (pixels, m, o) => affine(pixels, { shearDegrees: [0, slant(m)], centre: [0, 0] }, o),
  TranslateX: (pixels, m, o) => affine(pixels, { translate: [Math.trunc(m), 0] }, o),
  TranslateY: (pixels, m, o) => affine(pixels, { translate: [0, Math.trunc(m)] }, o),
  Rotate: rotate,
  Brightness: (pixels, m) => brightness(pixels, 1 + m),
  Color: (pixels, m) => saturation(pixels, 1 + m),
  Contrast: (pixels, m) => contrast(pixels, 1 + m),
  Sharpness: (pixels, m) => sharpness(pixels, 1 + m),
  Posterize: posterize,
  Solarize: solarize,
  AutoContrast: autocontrast,
  Equalize: equalize,
};

/** Applies an operation as strongly as told; `interpolation` and `fill` are for those that move pixels. */
export function applyOperation(
  name: OperationName,
  pixels: Pixels,
  magnitude: number,
  options: WarpOptions = {},
): Pixels {
  return operations[name](pixels, magnitude, options);
}

/** The operations of torchvision's RandAugment, for pictures of a size. */
export function randOperations(bins: number, { width, height }: Size): readonly Operation[] {
  return [
    still("Identity"),
    ...moves(bins, { shear: 0.3, x: (150 / 331) * width, y: (150 / 331) * height, degrees: 30 }),
    ...enhancements(bins, 0.9),
    { name: "Posterize", magnitudes: bits(bins, 8, 4), isSigned: false },
    ...histograms(bins),
  ];
}

/** The operations of torchvision's TrivialAugmentWide. */
export function wideOperations(bins: number): readonly Operation[] {
  return [
    still("Identity"),
    ...moves(bins, { shear: 0.99, x: 32, y: 32, degrees: 135 }),
    ...enhancements(bins, 0.99),
    { name: "Posterize", magnitudes: bits(bins, 8, 6), isSigned: false },
    ...histograms(bins),
  ];
}

/** The operations of torchvision's AugMix. */
export function mixOperations(bins: number, { width, height }: Size, all: boolean): readonly Operation[] {
  return [
    ...moves(bins, { shear: 0.3, x: width / 3, y: height / 3, degrees: 30 }),
    { name: "Posterize", magnitudes: bits(bins, 4, 4), isSigned: false },
    ...histograms(bins),
    ...(all ? enhancements(bins, 0.9) : []),
  ];
}

interface Reach {
  readonly shear: number;
  readonly x: number;
  readonly y: number;
  readonly degrees: number;
}

function moves(bins: number, { shear, x, y, degrees }: Reach): readonly Operation[] {
  return [
    either("ShearX", shear, bins),
    either("ShearY", shear, bins),
    either("TranslateX", x, bins),
    either("TranslateY", y, bins),
    either("Rotate", degrees, bins),
  ];
}

function enhancements(bins: number, most: number): readonly Operation[] {
  return (["Brightness", "Color", "Contrast", "Sharpness"] as const).map((name) => either(name, most, bins));
}

function histograms(bins: number): readonly Operation[] {
  return [
    { name: "Solarize", magnitudes: evenly(255, 0, bins), isSigned: false },
    still("AutoContrast"),
    still("Equalize"),
  ];
}

function either(name: OperationName, most: number, bins: number): Operation {
  return { name, magnitudes: evenly(0, most, bins), isSigned: true };
}

function still(name: OperationName): Operation {
  return { name, magnitudes: [], isSigned: false };
}

/** `count` float32 numbers from `first` to `last`, computed from the nearer end with one rounding each: torch.linspace. */
function evenly(first: number, last: number, count: number): readonly number[] {
  const f = Math.fround;
  const step = f((f(last) - f(first)) / (count - 1));
  return Array.from({ length: count }, (_, i) =>
    i < Math.floor(count / 2) ? f(f(first) + step * i) : f(f(last) - step * (count - 1 - i)),
  );
}

/** Bits from `most` down, `fewer` less in the last bin. */
function bits(count: number, most: number, fewer: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => most - Math.round(i / ((count - 1) / fewer)));
}

/** The angle whose tangent is `magnitude`, in degrees. */
function slant(magnitude: number): number {
  return Math.atan(magnitude) * (180 / Math.PI);
}
