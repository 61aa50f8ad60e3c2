import type { GraphBuilder } from "../graph/builder.ts";
import { elementTypeNumber } from "../graph/element-type.ts";
import type { TensorType, Value } from "../graph/ir.ts";
import { declaredType, isOnePixel } from "../graph/layout.ts";
import type { Layout } from "../graph/layout.ts";
import { blockedOp } from "./formulations/blocked/blocked-op.ts";

/** A value and how it lies. */
export interface Laid {
  readonly value: Value;
  readonly layout: Layout;
}

/** The values written so far, each in the layouts it has been asked for; the first of them is the one it was made in. */
export class LaidValues {
  readonly #b: GraphBuilder;
  readonly #forms = new Map<string, Map<Layout, Value>>();

  constructor(b: GraphBuilder) {
    this.#b = b;
  }

  /** The value that had `name` before lowering is `value` now. */
  put(name: string, { value, layout }: Laid): void {
    this.#forms.set(name, new Map([[layout, value]]));
  }

  has(name: string): boolean {
    return this.#forms.has(name);
  }

  /** The layout a value was made in. */
  layoutOf(name: string): Layout {
    const [layout] = this.#forms.get(name)?.keys() ?? [];
    return layout ?? "plain";
  }

  /** The type of a value, whatever its layout. */
  typeOf(name: string): TensorType | undefined {
    const [first] = this.#forms.get(name) ?? [];
    return first && declaredType(first[1], first[0]);
  }

  /** The value in one layout: moved there where it has not been needed so before. */
  get(name: string, layout: Layout): Value | undefined {
    const forms = this.#forms.get(name);
    const [first] = forms ?? [];
    if (!forms || !first) return undefined;
    const there = forms.get(layout);
    if (there) return there;
    const plain = forms.get("plain") ?? toPlain(this.#b, { layout: first[0], value: first[1] });
    forms.set("plain", plain);
    const moved = layout === "plain" ? plain : fromPlain(this.#b, plain, layout);
    forms.set(layout, moved);
    return moved;
  }

  /** The names put here, and the value each was made as. */
  *made(): Generator<readonly [string, Value]> {
    for (const [name, forms] of this.#forms) {
      const plain = forms.get("plain");
      if (plain) yield [name, plain];
    }
  }
}

function toPlain(b: GraphBuilder, { value, layout }: Laid): Value {
  if (value.dtype === "bool") return asMask(b, toPlain(b, { value: asNumbers(b, value), layout }));
  if (layout === "blocked") return isOnePixel(value) ? value : reorderOutput(b, value);
  return exchanged(b, isOnePixel(value) ? value : reorderOutput(b, value));
}

function fromPlain(b: GraphBuilder, value: Value, layout: Layout): Value {
  if (value.dtype === "bool") return asMask(b, fromPlain(b, asNumbers(b, value), layout));
  const picture = layout === "filter" ? exchanged(b, value) : value;
  return isOnePixel(picture) ? picture : blockedOp(b, "ReorderInput", [picture]);
}

/** Only float32 can be moved: a mask travels as 0 and 1. */
function asNumbers(b: GraphBuilder, v: Value): Value {
  return b.op("Cast", [v], { to: elementTypeNumber("float32") });
}

function asMask(b: GraphBuilder, v: Value): Value {
  return b.op("Cast", [v], { to: elementTypeNumber("bool") });
}

function reorderOutput(b: GraphBuilder, v: Value): Value {
  return blockedOp(b, "ReorderOutput", [v], { channels: Number(v.shape[1]) });
}

/** The first two axes in each other's place. */
function exchanged(b: GraphBuilder, v: Value): Value {
  return b.op("Transpose", [v], { perm: [1, 0, 2, 3] });
}
