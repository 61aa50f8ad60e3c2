import { windowOf } from "../../../operators/window.ts";
import { concreteShape } from "../../../graph/shape.ts";
import type { Value } from "../../../graph/ir.ts";
import type { Formulation, Site } from "../../formulation.ts";
import { blockedOp, view } from "./blocked-op.ts";
import { blockOf, isBlockableConvolution, isDepthwise } from "./blockable.ts";
import type { Convolution } from "./blockable.ts";
import { forwardFilter } from "./filters.ts";

function convolution(site: Site): Convolution {
  return { x: site.type(0), w: site.type(1), group: site.attrs.int("group", 1) };
}

/** Inputs x, w, bias. */
const blocked: Formulation = {
  name: "conv-blocked",
  serves: (site) => isBlockableConvolution(convolution(site), blockOf(site)),
  write: (site) => {
    const { b, attrs } = site;
    const block = blockOf(site);
    const conv = convolution(site);
    const [filters = 0, perGroup = 0, ...kernel] = concreteShape(conv.w.shape, "Conv");
    const { strides, dilations, begin, end } = windowOf(attrs, kernel, conv.x.shape.slice(2));
    const stored = site.x(1, "filter");
    const w: Value = isDepthwise(conv) ? view(b, stored, [filters, 1, ...kernel]) : forwardFilter(b, stored, block);
    const layout = perGroup < block && !isDepthwise(conv) ? "plain" : "blocked";
    const bias = site.has(2) ? [site.x(2)] : [];
    const value = blockedOp(b, "Conv", [site.x(0, layout), w, ...bias], {
      kernel_shape: kernel,
      strides,
      dilations,
      group: attrs.int("group", 1),
      pads: [...begin, ...end],
    });
    return [{ value, layout: "blocked" }];
  },
};

export const convForms: readonly Formulation[] = [blocked];
