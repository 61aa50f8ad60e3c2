import { readAttributes } from "../../graph/attributes.ts";
import type { Attributes, Dim, Value } from "../../graph/ir.ts";
import { concreteShape } from "../../graph/shape.ts";
import type { TensorData } from "../../graph/tensor.ts";
import { sizeOf } from "../../graph/tensor.ts";
import { slide, spanOf, windowOf } from "../../operators/window.ts";
import { attributesWithout } from "./rewrite.ts";
import type { Rewrites, Rewriting } from "./rewrite.ts";

/** Pools and transposed convolutions whose windows are given in ways that opset 17 lacks, or by the extents they should have. */
export const windows: Rewrites = {
  Conv: (r) => r.emit("Conv", r.inputs, withoutDilatedSame(r, r.input(1).shape.slice(2))),
  MaxPool: (r) => {
    const attrs = withoutDilatedSame(r, r.attrs.ints("kernel_shape", []));
    const hasIndices = r.node.outputs.length > 1;
    return r.emit("MaxPool", r.inputs, hasIndices ? attrs : attributesWithout(attrs, "storage_order"));
  },
  ConvTranspose: (r) => {
    const automatic = r.attrs.string("auto_pad", "NOTSET").startsWith("SAME");
    if (!automatic && !r.attrs.has("output_shape")) return r.emit("ConvTranspose", r.inputs, r.node.attrs);
    const attrs = attributesWithout(r.node.attrs, "auto_pad", "output_shape", "pads", "output_padding");
    return r.emit("ConvTranspose", r.inputs, { ...attrs, ...explicitPads(r) });
  },
  // a window beyond the last element sees zeros, which add nothing to a norm
  LpPool: (r) => {
    const attrs = attributesWithout(r.node.attrs, "dilations", "ceil_mode");
    if (isDilated(r)) return sideBySide(r);
    if (r.attrs.int("ceil_mode", 0) === 0) return r.emit("LpPool", r.inputs, attrs);
    const { begin, reach } = framed(r);
    return r.emit("LpPool", r.inputs, { ...attributesWithout(attrs, "auto_pad"), pads: [...begin, ...reach] });
  },
};

/** A node's attributes, with explicit pads where SAME goes with dilations: ONNX Runtime refuses that, or takes no notice of the dilations. */
function withoutDilatedSame(r: Rewriting, extents: readonly Dim[]): Attributes {
  const { attrs } = r.node;
  if (!isDilated(r) || !r.attrs.string("auto_pad", "NOTSET").startsWith("SAME")) return attrs;
  const kernel = concreteShape(extents, r.where);
  const strides = r.attrs.ints("strides", Array<number>(kernel.length).fill(1));
  // at stride 1 the padding does not depend on the picture's extents
  const spatial = r.input(0).shape.slice(2);
  const relevant = concreteShape(
    spatial.map((dim, i) => (strides[i] === 1 ? 1 : dim)),
    r.where,
  );
  const { begin, end } = windowOf(r.attrs, kernel, relevant);
  return { ...attributesWithout(attrs, "auto_pad"), pads: [...begin, ...end] };
}

/** Whether the elements of a window lie apart. */
export function isDilated({ attrs }: Rewriting): boolean {
  return attrs.ints("dilations", []).some((dilation) => dilation !== 1);
}

/** An AveragePool with dilations (opset 19): a convolution of each channel with ones, over the number of elements that count. */
export function dilatedAverage(r: Rewriting): readonly Value[] {
  const { b } = r;
  const x = r.input(0);
  const [channels] = concreteShape(x.shape.slice(1, 2), r.where);
  const at = framed(r);
  const filter = b.constant(filled([channels ?? 1, 1, ...at.kernel], () => 1));
  const { strides, dilations } = at;
  const sums = b.op("Conv", [x, filter], {
    group: channels ?? 1,
    strides,
    dilations,
    pads: [...at.begin, ...at.reach],
  });
  return r.emit("Mul", [sums, b.constant(shares(r, at))]);
}

/** An LpPool with dilations (opset 18): the elements of each window are moved together, so that windows without gaps stand side by side. */
function sideBySide(r: Rewriting): readonly Value[] {
  const { b } = r;
  const { kernel, strides, dilations, begin, output, reach } = framed(r);
  const pads = [0, 0, ...begin, 0, 0, ...reach];
  let x = pads.every((pad) => pad === 0) ? r.input(0) : b.op("Pad", [r.input(0), b.ints(pads)]);
  for (const [i, k] of kernel.entries()) {
    const first = Array.from({ length: output[i] ?? 1 }, (_, at) => at * (strides[i] ?? 1));
    const elements = first.flatMap((at) => Array.from({ length: k }, (_, tap) => at + tap * (dilations[i] ?? 1)));
    x = b.op("Gather", [x, b.ints(elements)], { axis: i + 2 });
  }
  return r.emit("LpPool", [x], { kernel_shape: kernel, strides: kernel, p: r.attrs.int("p", 2) });
}

interface Frame extends ReturnType<typeof windowOf> {
  readonly spatial: readonly number[];
  readonly output: readonly number[];
  /** Padding after the last element with which the last window fits; ceil_mode asks for more than `end`. */
  readonly reach: readonly number[];
}

/** How a pool's window lies over extents that are numbers. */
function framed(r: Rewriting): Frame {
  const spatial = concreteShape(r.input(0).shape.slice(2), r.where);
  const kernel = r.attrs.ints("kernel_shape", []);
  const window = windowOf(r.attrs, kernel, spatial);
  const output = concreteShape(slide(r.attrs, kernel, spatial, r.where), r.where);
  const reach = output.map((count, i) => {
    const read = (count - 1) * (window.strides[i] ?? 1) + spanOf(kernel[i] ?? 1, window.dilations[i] ?? 1);
    return Math.max(window.end[i] ?? 0, read - (spatial[i] ?? 0) - (window.begin[i] ?? 0));
  });
  return { ...window, spatial, output, reach };
}

/** 1 / (number of elements that count) for each output pixel: [1,1,...]. */
function shares(r: Rewriting, { kernel, strides, dilations, begin, end, spatial, output }: Frame): TensorData {
  const padding = r.attrs.int("count_include_pad", 0) === 1;
  const counts = output.map((extent, i) =>
    Array.from({ length: extent }, (_, at) => {
      const first = at * (strides[i] ?? 1) - (begin[i] ?? 0);
      const taps = Array.from({ length: kernel[i] ?? 1 }, (__, k) => first + k * (dilations[i] ?? 1));
      const last = (spatial[i] ?? 0) + (padding ? (end[i] ?? 0) : 0);
      return taps.filter((tap) => (padding || tap >= 0) && tap < last).length;
    }),
  );
  return filled([1, 1, ...output], (index) => {
    let rest = index;
    let count = 1;
    for (const along of counts.toReversed()) {
      count *= along[rest % along.length] ?? 1;
      rest = Math.floor(rest / along.length);
    }
    return 1 / count;
  });
}

function filled(shape: readonly number[], f: (index: number) => number): TensorData {
  return { dtype: "float32", shape, data: Float32Array.from({ length: sizeOf(shape) }, (_, i) => f(i)) };
}

/** The pads that give the output the extents it should have: those asked for, or with SAME the input's times the stride. */
function explicitPads(r: Rewriting): { readonly pads: readonly number[]; readonly output_padding: readonly number[] } {
  const { spatial, kernel } = {
    spatial: r.input(0).shape.slice(2),
    kernel: concreteShape(r.input(1).shape.slice(2), r.where),
  };
  const upper = r.attrs.string("auto_pad", "NOTSET") === "SAME_UPPER";
  // its pads are worked out here, so none are read
  const { strides, dilations } = windowOf(
    readAttributes(attributesWithout(r.node.attrs, "auto_pad"), r.where),
    kernel,
    [],
  );
  const wanted = r.attrs.ints("output_shape", []).slice(-kernel.length);
  const extra = r.attrs.ints("output_padding", []);
  const totals = kernel.map((k, i) => {
    const beyond = (extra[i] ?? 0) + spanOf(k, dilations[i] ?? 1) - (strides[i] ?? 1);
    const target = wanted[i];
    if (target === undefined) return beyond;
    const [dim] = concreteShape(spatial.slice(i, i + 1), r.where);
    return (dim ?? 1) * (strides[i] ?? 1) + beyond - target;
  });
  const pads = totals.map((total) => Math.max(0, total));
  const small = pads.map((total) => Math.floor(total / 2));
  const large = pads.map((total) => Math.ceil(total / 2));
  return {
    pads: upper ? [...small, ...large] : [...large, ...small],
    output_padding: totals.map((total, i) => (extra[i] ?? 0) + Math.max(0, -total)),
  };
}
