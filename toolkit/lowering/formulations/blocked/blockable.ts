import type { TensorType } from "../../../graph/ir.ts";
import type { Site } from "../../formulation.ts";

/** Channels in a block; 0 where blocks are not to be used. */
export function blockOf({ target }: Pick<Site, "target">): number {
  return target.blockSize ?? 0;
}

/** Whether a value is a float32 picture [N,C,H,W] of known extents whose channels fill whole blocks. */
export function isBlockable({ dtype, shape }: TensorType, block: number): boolean {
  const [, channels, ...spatial] = shape;
  if (block === 0 || dtype !== "float32" || spatial.length !== 2) return false;
  return typeof channels === "number" && channels % block === 0 && spatial.every((dim) => typeof dim === "number");
}

/** What of a convolution decides whether blocked operators compute it. */
export interface Convolution {
  readonly x: TensorType;
  readonly w: TensorType;
  readonly group: number;
}

/** Each channel has a filter of its own. */
export function isDepthwise({ x, w, group }: Convolution): boolean {
  return group > 1 && group === x.shape[1] && group === w.shape[0];
}

/** Both sides in whole blocks for each group; depthwise; or, from fewer channels than a block has, plain pictures to blocked ones. */
export function isBlockableConvolution({ x, w, group }: Convolution, block: number): boolean {
  const [filters, perGroup, ...kernel] = w.shape;
  const known = [filters, perGroup, ...kernel, ...x.shape.slice(2)].every((dim) => typeof dim === "number");
  if (block === 0 || !known || kernel.length !== 2 || x.dtype !== "float32" || Number(filters) % block !== 0)
    return false;
  if (isDepthwise({ x, w, group })) return true;
  if (group === 1 && Number(perGroup) < block) return true;
  return Number(perGroup) % block === 0 && (Number(filters) / group) % block === 0;
}
