import { ToolkitError } from "../errors.ts";
import type { AttributeReader } from "../graph/attributes.ts";
import type { Matrix } from "./along-axis.ts";

/** How Resize finds an element of its result, see ONNX's Resize. */
export interface Interpolation {
  readonly mode: string;
  readonly coordinates: string;
  readonly nearest: string;
  readonly cubicA: number;
  readonly excludeOutside: boolean;
  /** Whether the kernel is as much wider as the axis shrinks. */
  readonly antialias: boolean;
}

/** One axis of a Resize: extents before and after, and the scale that its coordinates go by. */
export interface ResizedAxis {
  readonly input: number;
  readonly output: number;
  readonly scale: number;
}

export function interpolationOf(attrs: AttributeReader): Interpolation {
  return {
    mode: attrs.string("mode", "nearest"),
    coordinates: attrs.string("coordinate_transformation_mode", "half_pixel"),
    nearest: attrs.string("nearest_mode", "round_prefer_floor"),
    cubicA: attrs.float("cubic_coeff_a", -0.75),
    excludeOutside: attrs.int("exclude_outside", 0) === 1,
    antialias: attrs.int("antialias", 0) === 1,
  };
}

/** Resize along one axis as a matrix of shape [output, input]: the axis after it is the matrix times the axis before it. */
export function interpolationMatrix(how: Interpolation, axis: ResizedAxis): Matrix {
  const data = new Float32Array(axis.output * axis.input);
  for (let row = 0; row < axis.output; row += 1) {
    for (const [at, weight] of weightsOf(how, axis, coordinate(how.coordinates, axis, row))) {
      const place = row * axis.input + Math.min(Math.max(at, 0), axis.input - 1);
      data[place] = (data[place] ?? 0) + weight;
    }
  }
  return { rows: axis.output, columns: axis.input, data };
}

/** Where element `row` of the result lies among those of the operand; in single precision, as the runtime has it, so that ties fall alike. */
function coordinate(mode: string, { input, output, scale }: ResizedAxis, row: number): number {
  const single = Math.fround;
  const middle = single((row + 0.5) / scale);
  switch (mode) {
    case "asymmetric":
      return single(row / scale);
    case "align_corners":
      return output === 1 ? 0 : single((row * (input - 1)) / (output - 1));
    case "half_pixel":
      return single(middle - 0.5);
    case "tf_half_pixel_for_nn":
      return middle;
    case "pytorch_half_pixel":
      return output === 1 ? 0 : single(middle - 0.5);
    case "half_pixel_symmetric": {
      const rounding = single(output / single(scale * input));
      // the runtime adds up in double precision here
      return single(single((input / 2) * single(1 - rounding)) + (row + 0.5) / scale - 0.5);
    }
    default:
      throw new ToolkitError(
        "E_NO_GRADIENT",
        `Cannot differentiate through "Resize" with coordinates "${mode}": expected those of ONNX without a region`,
      );
  }
}

function weightsOf(how: Interpolation, { input, scale }: ResizedAxis, x: number): Weights {
  if (how.mode === "nearest") return [[nearestTo(how.nearest, x), 1]];
  if (how.antialias) return wideWeights(how, input, x, Math.min(scale, 1));
  if (how.mode === "cubic") return cubicWeights(how, input, x);
  const inside = Math.min(Math.max(x, 0), input - 1);
  const below = Math.floor(inside);
  return [
    [below, 1 - (inside - below)],
    [below + 1, inside - below],
  ];
}

function nearestTo(mode: string, x: number): number {
  if (mode === "floor") return Math.floor(x);
  if (mode === "ceil") return Math.ceil(x);
  return mode === "round_prefer_ceil" ? Math.floor(x + 0.5) : Math.ceil(x - 0.5);
}

type Weights = readonly (readonly [number, number])[];

/** Keys, "Cubic convolution interpolation for digital image processing" (1981), equations 4 to 8. */
function cubic(a: number, distance: number): number {
  const s = Math.abs(distance);
  if (s >= 2) return 0;
  return s <= 1 ? ((a + 2) * s - (a + 3)) * s * s + 1 : ((a * s - 5 * a) * s + 8 * a) * s - 4 * a;
}

function cubicWeights({ cubicA, excludeOutside }: Interpolation, input: number, x: number): Weights {
  const below = Math.floor(x);
  const taps = [-1, 0, 1, 2].map((i) => [below + i, cubic(cubicA, x - below - i)] as const);
  return excludeOutside ? sharesOf(taps.filter(([at]) => at >= 0 && at < input)) : taps;
}

/** The kernel stretched by 1 / scale, so that every element that the shrunk axis passes over counts (ONNX's Resize, antialias). */
function wideWeights(how: Interpolation, input: number, x: number, scale: number): Weights {
  const reach = how.mode === "cubic" ? 2 : 1;
  const below = Math.floor(x);
  const first = Math.floor(-reach / scale) + 1;
  const taps = Array.from({ length: 2 * reach - 2 * first }, (_, k) => {
    const distance = (first + k - (x - below)) * scale;
    const weight = how.mode === "cubic" ? cubic(how.cubicA, distance) : Math.max(0, 1 - Math.abs(distance));
    return [below + first + k, weight] as const;
  });
  return sharesOf(how.excludeOutside ? taps.filter(([at]) => at >= 0 && at < input) : taps);
}

/** The weights divided by their sum. */
function sharesOf(taps: Weights): Weights {
  const sum = taps.reduce((total, [, weight]) => total + weight, 0);
  return taps.map(([at, weight]) => [at, weight / sum]);
}
