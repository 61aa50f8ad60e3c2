import { readAttributes } from "../../graph/attributes.ts";
import type { AttributeReader } from "../../graph/attributes.ts";
import type { Attributes, Dim, TensorType } from "../../graph/ir.ts";
import { multiplyDims, sameShape } from "../../graph/shape.ts";
import { movements } from "../../operators/movement.ts";

/** An integer tensor as far as it follows from shapes: numbers, and names of extents. */
export interface Elements {
  readonly shape: readonly number[];
  readonly elements: readonly Dim[];
}

/** What the rules may look at. `unknown` makes a name for an element that nothing is known about. */
interface ElementsInput {
  readonly types: readonly (TensorType | undefined)[];
  readonly inputs: readonly (Elements | undefined)[];
  readonly attrs: AttributeReader;
  readonly unknown: () => string;
}

/**
 * What a node of shape arithmetic (Shape, Gather, Concat, Unsqueeze, Mul and the like) gives, extent by extent.
 * Undefined where the operator is no shape arithmetic or too little is known.
 */
export function inferElements(
  op: string,
  attrs: Attributes,
  types: readonly (TensorType | undefined)[],
  inputs: readonly (Elements | undefined)[],
  output: string,
): Elements | undefined {
  let count = 0;
  const unknown = (): string => `${output}[${count++}]`;
  const input = { types, inputs, attrs: readAttributes(attrs, op), unknown };
  return rules[op] ? rules[op](input) : move(op, input);
}

function move(op: string, { inputs, attrs }: ElementsInput): Elements | undefined {
  const [t] = inputs;
  if (!t) return undefined;
  const ints = (i: number): readonly number[] | undefined => {
    const elements = inputs[i]?.elements;
    return elements?.every((dim) => typeof dim === "number") ? elements : undefined;
  };
  const moved = movements[op]?.({ shape: t.shape, attrs, ints, shapeOf: (i) => inputs[i]?.shape ?? [] });
  return (
    moved && { shape: moved.shape, elements: moved.source ? moved.source.map((i) => t.elements[i] ?? 0) : t.elements }
  );
}

function arithmetic(f: (a: number, b: number) => number, symbolic?: (a: Dim, b: Dim) => Dim | undefined) {
  return ({ inputs, unknown }: ElementsInput): Elements | undefined =>
    pairwise(inputs, (p, q) => {
      if (p === undefined || q === undefined) return unknown();
      if (typeof p !== "number" || typeof q !== "number") return symbolic?.(p, q) ?? unknown();
      const result = f(p, q);
      // a division by 0 is the runtime's to refuse
      return Number.isFinite(result) ? result : unknown();
    });
}

/** Element by element; a single one goes with each of the other's. Other broadcasting is no shape arithmetic. */
function pairwise(
  [a, b]: readonly (Elements | undefined)[],
  f: (p: Dim | undefined, q: Dim | undefined) => Dim,
): Elements | undefined {
  if (!a || !b) return undefined;
  const whole = sameShape(a.shape, b.shape) || repeats(b, a) ? a : repeats(a, b) ? b : undefined;
  if (!whole) return undefined;
  const at = (t: Elements, i: number): Dim | undefined => t.elements[t.elements.length === 1 ? 0 : i];
  return { shape: whole.shape, elements: whole.elements.map((_, i) => f(at(a, i), at(b, i))) };
}

/** Whether `one` is a single element that goes with each of `all` and leaves its shape as it is. */
function repeats(one: Elements, all: Elements): boolean {
  return one.elements.length === 1 && one.shape.length <= all.shape.length;
}

const rules: Readonly<Record<string, (input: ElementsInput) => Elements | undefined>> = {
  Shape: ({ types, attrs }) => {
    const shape = types[0]?.shape;
    const dims = shape?.slice(attrs.int("start", 0), attrs.has("end") ? attrs.int("end", 0) : undefined);
    return dims && { shape: [dims.length], elements: dims };
  },
  Size: ({ types }) => types[0] && { shape: [], elements: [multiplyDims(types[0].shape)] },
  Cast: ({ inputs }) => inputs[0],
  Concat: ({ types, inputs, unknown }) => {
    if (inputs.every((t) => t === undefined) || inputs.some((t) => t && t.shape.length !== 1)) return undefined;
    const parts = types.map((type, i) => {
      const length = type?.shape.length === 1 ? type.shape[0] : undefined;
      return inputs[i]?.elements ?? (typeof length === "number" ? Array.from({ length }, unknown) : undefined);
    });
    if (parts.some((part) => part === undefined)) return undefined;
    const elements = parts.flatMap((part) => part ?? []);
    return { shape: [elements.length], elements };
  },
  Equal: ({ inputs, unknown }) =>
    pairwise(inputs, (p, q) => {
      if (p === q) return 1;
      // an extent is never negative
      const differ = [p, q].every((dim) => typeof dim === "number") || [p, q].some((dim) => Number(dim) < 0);
      return differ ? 0 : unknown();
    }),
  Where: ({ inputs: [condition, yes, no], unknown }) => {
    if (!condition || !yes || !no || !sameShape(yes.shape, no.shape)) return undefined;
    if (!sameShape(condition.shape, yes.shape) && !repeats(condition, yes)) return undefined;
    const chosen = (i: number): Dim | undefined => {
      const c = condition.elements[condition.elements.length === 1 ? 0 : i];
      return typeof c === "number" ? (c === 0 ? no : yes).elements[i] : undefined;
    };
    return { shape: yes.shape, elements: yes.elements.map((_, i) => chosen(i) ?? unknown()) };
  },
  ReduceProd: ({ inputs, attrs }) => {
    const [t] = inputs;
    if (!t || t.shape.length !== 1) return undefined;
    return { shape: attrs.int("keepdims", 1) ? [1] : [], elements: [multiplyDims(t.elements)] };
  },
  Add: arithmetic((a, b) => a + b),
  Sub: arithmetic((a, b) => a - b),
  Mul: arithmetic(
    (a, b) => a * b,
    (a, b) => multiplyDims([a, b]),
  ),
  Div: arithmetic(
    (a, b) => Math.trunc(a / b),
    (a, b) => (b === 1 ? a : undefined),
  ),
};
