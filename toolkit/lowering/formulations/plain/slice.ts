import type { Value } from "../../../graph/ir.ts";
import { cutsOf, taken } from "../../../operators/slice.ts";
import type { Cut } from "../../../operators/slice.ts";
import type { Formulation, Site } from "../../formulation.ts";
import { lacksKernel } from "./lacks-kernel.ts";

/** What a Slice cuts; undefined where that is not known. */
function cuts({ b, node, x }: Site): readonly Cut[] | undefined {
  const constant = (i: number) => {
    const v = node.inputs[i];
    return v && b.constantOf(v);
  };
  const isOpen = [3, 4].some((i) => node.inputs[i] && !constant(i));
  return isOpen ? undefined : cutsOf(x().shape.length, constant);
}

/** By the places themselves, axis by axis: WebGPU's kernel takes the wrong ones where it goes backwards by more than one. */
const gathered: Formulation = {
  name: "slice-gathered",
  serves: (site) => cuts(site)?.every(({ axis }) => typeof site.x().shape[axis] === "number") ?? false,
  pays: (site) => lacksKernel(site) && (cuts(site)?.some(({ step }) => step < -1) ?? false),
  write: (site) => {
    const { b, x } = site;
    const gather = (v: Value, cut: Cut): Value => {
      const { first, count } = taken(cut, Number(v.shape[cut.axis]));
      const places = Array.from({ length: count }, (_, i) => first + i * cut.step);
      return b.op("Gather", [v, b.ints(places)], { axis: cut.axis });
    };
    return [(cuts(site) ?? []).reduce(gather, x())];
  },
};

export const slice: readonly Formulation[] = [gathered];
