import { stateless } from "./transform.ts";
import type { Transform } from "./transform.ts";

/** Holds every element of the updates within -most..most, as torch.nn.utils.clip_grad_value_. */
export function clipByValue(most: number): Transform {
  return stateless(({ b, update }) => b.op("Clip", [update, b.scalar(-most), b.scalar(most)]));
}
