import type { Value } from "../../../graph/ir.ts";
import { sameShape } from "../../../graph/shape.ts";
import { extentsOf, termsOf } from "../../../operators/einsum.ts";
import type { Formulation, Site } from "../../formulation.ts";
import { lacksKernel } from "./lacks-kernel.ts";

/** The equation with a letter for every axis, and what each operand's extents are once they are broadcast. */
function spelt({ node, x, attrs }: Site): {
  readonly equation: string;
  readonly shapes: readonly (readonly number[])[];
} {
  const operands = node.inputs.map((_, i) => x(i).shape);
  const terms = termsOf(attrs.string("equation", ""), operands, "Einsum");
  const extents = extentsOf(terms, operands, "Einsum");
  return {
    equation: `${terms.inputs.join(",")}->${terms.output}`,
    shapes: terms.inputs.map((term) => Array.from(term, (letter) => Number(extents.get(letter)))),
  };
}

/** WebGPU's kernel reads no dots that stand for several axes, and takes a letter's extent from one operand: it reads beyond the end of another that has 1 there. */
const spelledOut: Formulation = {
  name: "einsum-spelled-out",
  serves: ({ node, x }) => node.inputs.every((_, i) => x(i).shape.every((dim) => typeof dim === "number")),
  pays: (site) => {
    const isBroadcast = (): boolean => spelt(site).shapes.some((shape, i) => !sameShape(shape, site.x(i).shape));
    return lacksKernel(site) && (site.attrs.string("equation", "").includes("...") || isBroadcast());
  },
  write: (site) => {
    const { b, x } = site;
    const { equation, shapes } = spelt(site);
    const operands = shapes.map((shape, i): Value =>
      sameShape(shape, x(i).shape) ? x(i) : b.op("Expand", [x(i), b.ints(shape)]),
    );
    return [b.op("Einsum", operands, { equation })];
  },
};

export const einsum: readonly Formulation[] = [spelledOut];
