import { sizeOf, toNumbers } from "../../../graph/tensor.ts";
import type { Formulation, Site } from "../../formulation.ts";
import { lacksKernel } from "./lacks-kernel.ts";

/** How many elements of each line are turned around; undefined where that is not known. */
function lengths({ b, node }: Site): readonly number[] | undefined {
  const v = node.inputs[1];
  const constant = v && b.constantOf(v);
  return constant && toNumbers(constant);
}

/** Along which of the first two axes the lines are counted; the other is the one they run along. */
function batchAxis({ attrs }: Site): number {
  return attrs.int("batch_axis", 1);
}

function timeAxis({ attrs }: Site): number {
  return attrs.int("time_axis", 0);
}

/** By the places themselves, in a picture of all lines one behind the other. */
const gathered: Formulation = {
  name: "reverse-sequence-gathered",
  serves: (site) => {
    const { shape } = site.type();
    const [batch, time] = batchAxis(site) === 0 ? [shape[0], shape[1]] : [shape[1], shape[0]];
    // what the runtime refuses it shall refuse
    const isSound = lengths(site)?.length === batch && lengths(site)?.every((n) => n >= 0 && n <= Number(time));
    return isSound === true && timeAxis(site) !== batchAxis(site) && shape.every((n) => typeof n === "number" && n > 0);
  },
  pays: lacksKernel,
  write: (site) => {
    const { b, x } = site;
    const extents = x().shape.map(Number);
    const [first = 1, second = 1, ...rest] = extents;
    const isBatchFirst = batchAxis(site) === 0;
    const time = isBatchFirst ? second : first;
    const turned = (lengths(site) ?? []).map((length) =>
      Array.from({ length: time }, (_, t) => (t < length ? length - 1 - t : t)),
    );
    const places = Array.from({ length: first * second }, (_, i) => {
      const [outer, inner] = [Math.floor(i / second), i % second];
      return isBatchFirst
        ? outer * second + (turned[outer]?.[inner] ?? inner)
        : (turned[inner]?.[outer] ?? outer) * second + inner;
    });
    const lines = b.op("Reshape", [x(), b.ints([first * second, sizeOf(rest)])]);
    return [b.op("Reshape", [b.op("Gather", [lines, b.ints(places)], { axis: 0 }), b.ints(extents)])];
  },
};

export const reverseSequence: readonly Formulation[] = [gathered];
