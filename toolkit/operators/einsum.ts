import { ToolkitError } from "../errors.ts";
import type { GraphBuilder } from "../graph/builder.ts";
import type { Dim, Value } from "../graph/ir.ts";
import type { GradientInput, Operator } from "../graph/operator.ts";
import { broadcastShapes, formatShape, reducedAxes } from "../graph/shape.ts";
import { expandLike } from "./like.ts";

/** An equation with a letter for every axis: `...` is written out. */
export interface Terms {
  readonly inputs: readonly string[];
  readonly output: string;
}

function lettersOf(term: string): string[] {
  return term.split("");
}

const ALPHABET = lettersOf("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

/**
 * Reads an equation such as "bij,bjk->bik"; without an arrow, letters that occur once are the result, in alphabetical order.
 * @throws E_SHAPE where it does not fit the operands
 */
export function termsOf(text: string, shapes: readonly (readonly Dim[])[], where: string): Terms {
  const [left = "", right] = text.replaceAll(" ", "").split("->");
  const terms = left.split(",");
  const fail = (): never => {
    const operands = shapes.map(formatShape).join(", ");
    throw new ToolkitError("E_SHAPE", `Cannot run ${where}: the equation "${text}" does not fit operands ${operands}`);
  };
  if (terms.length !== shapes.length || /[^A-Za-z.]/.test(left.replaceAll(",", "") + (right ?? ""))) fail();
  const free = ALPHABET.filter((letter) => !text.includes(letter));
  const hidden = terms.map((term, i) => (shapes[i]?.length ?? 0) - term.replace("...", "").length);
  if (terms.some((term, i) => (term.includes("...") ? (hidden[i] ?? 0) < 0 : hidden[i] !== 0))) fail();
  const most = Math.max(0, ...hidden);
  const dots = free.slice(0, most).join("");
  if (dots.length < most) fail();
  const inputs = terms.map((term, i) => term.replace("...", dots.slice(most - (hidden[i] ?? 0))));
  const once = [...new Set(lettersOf(left.replaceAll(/[,.]/g, "")))]
    .filter((letter) => left.split(letter).length === 2)
    .sort();
  const output = right === undefined ? dots + once.join("") : right.replace("...", dots);
  if (lettersOf(output).some((letter) => !inputs.some((term) => term.includes(letter)))) fail();
  return { inputs, output };
}

/** The extent of each letter. */
export function extentsOf(terms: Terms, shapes: readonly (readonly Dim[])[], where: string): ReadonlyMap<string, Dim> {
  const extents = new Map<string, Dim>();
  for (const [i, term] of terms.inputs.entries()) {
    for (const [axis, letter] of lettersOf(term).entries()) {
      const [dim = 1] = broadcastShapes([extents.get(letter) ?? 1], [shapes[i]?.[axis] ?? 1], where);
      extents.set(letter, dim);
    }
  }
  return extents;
}

/** The gradient of operand `i`: dy times the other operands, summed over what the operand lacks, repeated along what it alone has. */
function operandGradient({ b, node, x, dy, attrs }: GradientInput, i: number): Value {
  const shapes = node.inputs.map((v) => v?.shape ?? []);
  const { inputs, output } = termsOf(attrs.string("equation", ""), shapes, "the gradient of Einsum");
  for (const term of [...inputs, output]) {
    if (new Set(lettersOf(term)).size === term.length) continue;
    throw new ToolkitError(
      "E_NO_GRADIENT",
      `Cannot differentiate through "Einsum" with the equation "${attrs.string("equation", "")}": a letter stands twice in one term, which takes a diagonal`,
    );
  }
  const own = inputs[i] ?? "";
  const others = inputs.flatMap((term, k) => (k === i ? [] : [{ term, value: x(k) }]));
  const reached = lettersOf(own).filter(
    (letter) => output.includes(letter) || others.some(({ term }) => term.includes(letter)),
  );
  const wanted = reached.join("");
  const product = contract(b, [{ term: output, value: dy() }, ...others], wanted);
  const alone = lettersOf(own).flatMap((letter, axis) => (wanted.includes(letter) ? [] : [axis]));
  const spread = alone.length === 0 ? product : b.op("Unsqueeze", [product, b.ints(alone)]);
  // a letter may have extent 1 in this operand, or in all others
  const broadcast = reducedAxes(spread.shape, x(i).shape);
  const summed = broadcast.length === 0 ? spread : b.op("ReduceSum", [spread, b.ints(broadcast)], { keepdims: 1 });
  return expandLike(b, summed, x(i));
}

function contract(b: GraphBuilder, factors: readonly { term: string; value: Value }[], wanted: string): Value {
  const [first] = factors;
  if (first && factors.length === 1 && first.term === wanted) return first.value;
  const equation = `${factors.map(({ term }) => term).join(",")}->${wanted}`;
  return b.op(
    "Einsum",
    factors.map(({ value }) => value),
    { equation },
  );
}

export const einsum: Operator = {
  type: "Einsum",
  infer: ({ input, inputs, attrs, where }) => {
    const shapes = inputs.map((_, i) => input(i).shape);
    const terms = termsOf(attrs.string("equation", ""), shapes, where);
    const extents = extentsOf(terms, shapes, where);
    return [{ dtype: input(0).dtype, shape: lettersOf(terms.output).map((letter) => extents.get(letter) ?? 1) }];
  },
  gradient: (g) => g.node.inputs.map((_, i) => () => operandGradient(g, i)),
};
