import { elementTypeNumber } from "../../../graph/element-type.ts";
import type { TensorType, Value } from "../../../graph/ir.ts";
import type { Layout } from "../../../graph/layout.ts";
import type { Formulation, Site } from "../../formulation.ts";
import { blockOf } from "./blockable.ts";
import { view } from "./blocked-op.ts";

/** Operators that work element by element: on operands that lie alike, the result lies so too. */
export const ELEMENTWISE: ReadonlySet<string> = new Set(
  "Abs Add Ceil Clip Div Elu Equal Erf Exp Floor Greater GreaterOrEqual HardSigmoid HardSwish Identity LeakyRelu Less LessOrEqual Log Max Min Mul Neg Pow Reciprocal Relu Sigmoid Sign Softplus Sqrt Sub Tanh Where".split(
    " ",
  ),
);

/** The whole operand whose layout the result takes: the largest one that was not made plain. */
interface Whole {
  readonly shape: readonly number[];
  readonly layout: Layout;
}

/** How one operand is read beside the whole ones. */
type Reading = "alike" | "number" | "spread";

/** The inputs that are given; of a Clip's bounds the lower one may be left out. */
function operands(site: Site): readonly number[] {
  const given: number[] = [];
  for (let i = 0; site.has(i) || site.has(i + 1); i++) if (site.has(i)) given.push(i);
  return given;
}

function wholeOf(site: Site): Whole | undefined {
  const laid = operands(site).filter((i) => site.made(i) !== "plain");
  const shapes = laid.map((i) => ({ layout: site.made(i), shape: numbers(site.type(i)) }));
  return shapes.find((a): a is Whole => a.shape !== undefined && shapes.every((b) => covers(a.shape, b.shape)));
}

function numbers({ shape }: TensorType): readonly number[] | undefined {
  return shape.length === 4 && shape.every((dim) => typeof dim === "number") ? shape : undefined;
}

function covers(whole: readonly number[] | undefined, shape: readonly number[] | undefined): boolean {
  return whole !== undefined && shape !== undefined && shape.every((dim, i) => dim === 1 || dim === whole[i]);
}

/** Extents of rank 4, with ones in front. */
function extentsOf({ shape }: TensorType): readonly number[] | undefined {
  if (shape.length > 4 || !shape.every((dim) => typeof dim === "number")) return undefined;
  return [...Array<number>(4 - shape.length).fill(1), ...shape];
}

function readingOf(type: TensorType, { shape: whole, layout }: Whole): Reading | undefined {
  const extents = extentsOf(type);
  if (!extents || !covers(whole, extents)) return undefined;
  if (extents.every((dim) => dim === 1)) return "number";
  if (type.shape.length === 4 && extents.every((dim, i) => dim === whole[i])) return "alike";
  const axis = layout === "filter" ? 0 : 1;
  // one for each channel, the same for all pixels: a reshaped operand broadcasts
  const others = extents.filter((_, i) => i !== axis);
  if (layout === "filter") return others.every((dim) => dim === 1) ? "spread" : undefined;
  return others.slice(1).every((dim) => dim === 1) ? "spread" : undefined;
}

function follow(type: string): Formulation {
  return {
    name: "elementwise-blocked",
    serves: (site) => {
      const whole = blockOf(site) > 0 ? wholeOf(site) : undefined;
      return whole !== undefined && operands(site).every((i) => readingOf(site.type(i), whole) !== undefined);
    },
    write: (site) => {
      const { b } = site;
      const whole = wholeOf(site) as Whole;
      const given = operands(site);
      const readings = new Map(given.map((i) => [i, readingOf(site.type(i), whole)]));
      const inputsAs = (read: (i: number, reading: Reading | undefined) => Value): readonly (Value | undefined)[] =>
        Array.from({ length: Math.max(...given) + 1 }, (_, i) =>
          readings.has(i) ? read(i, readings.get(i)) : undefined,
        );
      const { layout } = whole;
      const attrs = site.attrs.all;
      if (![...readings.values()].includes("spread")) {
        const inputs = inputsAs((i, reading) => site.x(i, reading === "alike" ? layout : "plain"));
        return [{ value: b.op(type, inputs, attrs), layout }];
      }
      const inputs = inputsAs((i, reading) => folded(site, i, reading, whole));
      const declared =
        layout === "filter" ? [whole.shape[1] ?? 1, whole.shape[0] ?? 1, ...whole.shape.slice(2)] : whole.shape;
      return [{ value: view(b, b.op(type, inputs, attrs), declared), layout }];
    },
  };
}

/** Operand `i` as [N, C/B, H W, B], with ones where it is the same for all. */
function folded(site: Site, i: number, reading: Reading | undefined, { shape, layout }: Whole): Value {
  const block = blockOf(site);
  const { b } = site;
  if (reading === "number") return site.x(i);
  const [first = 1, second = 1, height = 1, width = 1] = shape;
  const [outer, channels] = layout === "filter" ? [second, first] : [first, second];
  if (reading === "alike") return view(b, site.x(i, layout), [outer, channels / block, height * width, block]);
  const extents = extentsOf(site.type(i)) ?? [];
  const own = layout === "filter" ? 1 : (extents[0] ?? 1);
  const spread = (layout === "filter" ? extents[0] : extents[1]) ?? 1;
  return view(b, site.x(i), spread === 1 ? [own, 1, 1, 1] : [own, channels / block, 1, block]);
}

/** A mask becomes numbers: of the other types a blocked value never is. */
const maskAsNumbers: Formulation = {
  name: "cast-mask-blocked",
  serves: (site) => {
    const isMask = site.type(0).dtype === "bool" && site.made(0) !== "plain";
    return blockOf(site) > 0 && isMask && site.attrs.int("to", 0) === elementTypeNumber("float32");
  },
  write: (site) => {
    const layout = site.made(0);
    return [{ value: site.b.op("Cast", [site.x(0, layout)], site.attrs.all), layout }];
  },
};

/** The elementwise operators where an operand is blocked. */
export const elementwiseForms: ReadonlyMap<string, readonly Formulation[]> = new Map<string, readonly Formulation[]>([
  ...[...ELEMENTWISE].map((type) => [type, [follow(type)]] as const),
  ["Cast", [maskAsNumbers]],
]);
