import type { Colour } from "../images/augment/colour.ts";
import type { WarpOptions } from "../images/augment/warp.ts";
import type { Pixels } from "../images/decoder.ts";
import { dirichlet, wholeBetween } from "./augment-draws.ts";
import { applyOperation, mixOperations, randOperations, wideOperations } from "./augment-operation.ts";
import type { Operation } from "./augment-operation.ts";
import type { Roll } from "./augment-step.ts";

export interface PolicyOptions extends WarpOptions {
  readonly fill: Colour;
}

/**
 * A number of operations one after another, all of the same magnitude: torchvision's RandAugment (E. D. Cubuk and others, 2019).
 */
export function randAugment(
  pixels: Pixels,
  { operations, magnitude, bins, ...how }: PolicyOptions & Record<"operations" | "magnitude" | "bins", number>,
  roll: Roll,
): Pixels {
  const space = randOperations(bins, pixels);
  let picture = pixels;
  for (let i = 0; i < operations; i++) {
    const operation = oneOf(roll, space);
    picture = applyOperation(
      operation.name,
      picture,
      signed(roll, operation, operation.magnitudes[magnitude] ?? 0),
      how,
    );
  }
  return picture;
}

/** One operation of any magnitude: torchvision's TrivialAugmentWide (S. G. Mueller and F. Hutter, 2021). */
export function trivialAugment(
  pixels: Pixels,
  { bins, ...how }: PolicyOptions & Record<"bins", number>,
  roll: Roll,
): Pixels {
  return anyMagnitude(pixels, wideOperations(bins), bins, how, roll);
}

/** Bins of AugMix, of which the first `severity` are drawn from. */
const MIX_BINS = 10;

/** Chains of operations, mixed with one another and with the picture itself: torchvision's AugMix (D. Hendrycks and others, 2019). */
export function augMix(
  pixels: Pixels,
  {
    severity,
    width,
    depth,
    alpha,
    allOperations,
    ...how
  }: PolicyOptions & Record<"severity" | "width" | "depth" | "alpha", number> & { readonly allOperations: boolean },
  roll: Roll,
): Pixels {
  const space = mixOperations(MIX_BINS, pixels, allOperations);
  const [own = 1, others = 0] = dirichlet(roll, 2, alpha);
  const shares = dirichlet(roll, width, alpha);
  const chains = shares.map(() => {
    let picture = pixels;
    const length = depth > 0 ? depth : wholeBetween(roll, 1, 3);
    for (let i = 0; i < length; i++) picture = anyMagnitude(picture, space, severity, how, roll);
    return picture;
  });
  return mixed([pixels, ...chains], [own, ...shares.map((share) => share * others)]);
}

/** The weighted sum of pictures of one size, in float32 and cut off. */
export function mixed(pictures: readonly [Pixels, ...Pixels[]], weights: readonly number[]): Pixels {
  const [{ width, height, data }] = pictures;
  const sums = new Float32Array(data.length);
  for (const [k, picture] of pictures.entries()) {
    const weight = Math.fround(weights[k] ?? 0);
    const products = Float32Array.from({ length: 256 }, (_, level) => weight * level);
    for (let i = 0; i < sums.length; i++) sums[i] = sums[i]! + products[picture.data[i]!]!;
  }
  const out = new Uint8Array(sums.length);
  for (let i = 0; i < sums.length; i++) out[i] = Math.min(255, sums[i]!);
  return { width, height, data: out };
}

/** One operation, of one of its first `bins` magnitudes. */
function anyMagnitude(
  pixels: Pixels,
  space: readonly Operation[],
  bins: number,
  how: PolicyOptions,
  roll: Roll,
): Pixels {
  const operation = oneOf(roll, space);
  const magnitude = operation.magnitudes[wholeBetween(roll, 0, bins - 1)] ?? 0;
  return applyOperation(operation.name, pixels, signed(roll, operation, magnitude), how);
}

function oneOf(roll: Roll, space: readonly Operation[]): Operation {
  return space[wholeBetween(roll, 0, space.length - 1)] as Operation;
}

function signed(roll: Roll, { isSigned }: Operation, magnitude: number): number {
  return isSigned && roll() < 0.5 ? -magnitude : magnitude;
}
