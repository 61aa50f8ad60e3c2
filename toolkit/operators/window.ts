import { ToolkitError } from "../errors.ts";
import type { AttributeReader } from "../graph/attributes.ts";
import type { Dim } from "../graph/ir.ts";
import { offsetDim } from "./dims.ts";

/** How a convolution's or pool's window moves over the spatial axes; every list has one entry for each axis. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Padding before the first and after the last element. */
  readonly begin: readonly number[];
  readonly end: readonly number[];
}

/** Elements a dilated kernel spans. */
export function spanOf(kernel: number, dilation: number): number {
  return dilation * (kernel - 1) + 1;
}

/**
 * The window of Conv, ConvTranspose, MaxPool and AveragePool from its attributes.
 * `auto_pad` is worked out where the extents are numbers and left at zero padding where they are names.
 */
export function windowOf(attrs: AttributeReader, kernel: readonly number[], spatial: readonly Dim[]): Window {
  const rank = kernel.length;
  const strides = attrs.ints("strides", Array<number>(rank).fill(1));
  const dilations = attrs.ints("dilations", Array<number>(rank).fill(1));
  const auto = attrs.string("auto_pad", "NOTSET");
  if (auto === "SAME_UPPER" || auto === "SAME_LOWER") {
    const total = spatial.map((dim, i) =>
      typeof dim === "number" ? samePadding(dim, kernel, strides, dilations, i) : 0,
    );
    const small = total.map((t) => Math.floor(t / 2));
    const large = total.map((t) => Math.ceil(t / 2));
    return {
      kernel,
      strides,
      dilations,
      begin: auto === "SAME_UPPER" ? small : large,
      end: auto === "SAME_UPPER" ? large : small,
    };
  }
  const pads = auto === "VALID" ? [] : attrs.ints("pads", []);
  const at = (i: number): number => pads[i] ?? 0;
  return { kernel, strides, dilations, begin: kernel.map((_, i) => at(i)), end: kernel.map((_, i) => at(i + rank)) };
}

function samePadding(
  dim: number,
  kernel: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
  i: number,
): number {
  const stride = strides[i] ?? 1;
  const out = Math.ceil(dim / stride);
  return Math.max(0, (out - 1) * stride + spanOf(kernel[i] ?? 1, dilations[i] ?? 1) - dim);
}

/**
 * The extents after the window has moved over `spatial`. A symbolic extent gives a name that spells the formula,
 * or stays as it is where the window keeps its size.
 * @throws E_SHAPE where the window is larger than the padded extent
 */
export function slide(
  attrs: AttributeReader,
  kernel: readonly number[],
  spatial: readonly Dim[],
  where: string,
): readonly Dim[] {
  const window = windowOf(attrs, kernel, spatial);
  const auto = attrs.string("auto_pad", "NOTSET");
  const ceil = attrs.int("ceil_mode", 0) === 1;
  return spatial.map((dim, i) => {
    const stride = window.strides[i] ?? 1;
    if (auto.startsWith("SAME")) {
      if (typeof dim === "number") return Math.ceil(dim / stride);
      return stride === 1 ? dim : `ceil(${dim}/${stride})`;
    }
    const begin = window.begin[i] ?? 0;
    const slack = begin + (window.end[i] ?? 0) - spanOf(kernel[i] ?? 1, window.dilations[i] ?? 1);
    if (typeof dim === "string")
      return stride === 1
        ? offsetDim(dim, slack + 1)
        : ceil
          ? `windows(${dim}${signed(slack)}/${stride} from ${0 - begin})`
          : `(floor(${dim}${signed(slack)}/${stride})+1)`;
    if (dim + slack < 0)
      throw new ToolkitError("E_SHAPE", `Cannot run ${where}: its window is larger than the padded extent ${dim}`);
    if (!ceil) return Math.floor((dim + slack) / stride) + 1;
    const out = Math.ceil((dim + slack) / stride) + 1;
    // a window that would begin in the padding behind the last element is left out
    return (out - 1) * stride >= dim + begin ? out - 1 : out;
  });
}

function signed(value: number): string {
  if (value === 0) return "";
  return value > 0 ? `+${value}` : String(value);
}
