import type { Value } from "../../graph/ir.ts";
import { knownPart } from "../../operators/concat.ts";
import { cut } from "../../operators/pieces.ts";
import type { Formulation, Site } from "../formulation.ts";

const constantPlaces: Formulation = {
  name: "concat-constant-slice",
  serves: (site) => part(site) !== undefined,
  write: (site) => {
    const [start, end] = part(site) ?? [0];
    return [cut(site.b, site.x(0), site.attrs.int("axis", 0), start, end)];
  },
};

/** Where the part begins and ends is added up from the extents of the operands before it. */
const placesAtRunTime: Formulation = {
  name: "concat-summed-slice",
  serves: () => true,
  write: ({ b, node, x, attrs }) => {
    const axis = attrs.int("axis", 0);
    const index = attrs.int("index", 0);
    const extents = node.inputs
      .slice(1, index + 2)
      .map((_, i): Value => b.op("Shape", [x(i + 1)], { start: axis, end: axis + 1 }));
    const sum = (list: readonly Value[]): Value => list.reduce((total, v) => b.op("Add", [total, v]), b.ints([0]));
    return [b.op("Slice", [x(0), sum(extents.slice(0, -1)), sum(extents), b.ints([axis])])];
  },
};

function part({ node, attrs }: Site): readonly [number, number?] | undefined {
  const axis = attrs.int("axis", 0);
  const extents = node.inputs.slice(1).map((v) => v?.shape[axis] ?? 0);
  return knownPart(extents, attrs.int("index", 0));
}

export const concatGradient: readonly Formulation[] = [constantPlaces, placesAtRunTime];
