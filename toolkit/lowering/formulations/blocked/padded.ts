import type { GraphBuilder } from "../../../graph/builder.ts";
import type { Value } from "../../../graph/ir.ts";
import { padsOf } from "../geometry.ts";
import { blockedOp } from "./blocked-op.ts";
import { onesFilter } from "./per-channel.ts";

/** Rows and columns before and behind; what is negative behind is cut off. */
export interface Frame {
  readonly begin: readonly number[];
  readonly end: readonly number[];
}

/** Zeros around a blocked picture: a convolution of one tap per channel moves several times faster than Pad. */
export function padBlocked(b: GraphBuilder, v: Value, { begin, end }: Frame): Value {
  const pads = [...begin, ...end.map((pad) => Math.max(0, pad))];
  if (pads.every((pad) => pad === 0)) return v;
  const channels = Number(v.shape[1]);
  return blockedOp(b, "Conv", [v, onesFilter(b, channels)], { kernel_shape: [1, 1], group: channels, pads });
}

/** Zeros around a plain picture, or less of it. */
export function padPlain(b: GraphBuilder, v: Value, { begin, end }: Frame): Value {
  if ([...begin, ...end].every((pad) => pad === 0)) return v;
  return b.op("Pad", [v, b.ints(padsOf(begin, end))]);
}
