import { globalNorm } from "./global-norm.ts";
import type { Transform } from "./transform.ts";

/** Multiplies all updates by min(1, most / (norm + 1e-6)), the norm taken over all of them (Pascanu et al. 2013), as torch.nn.utils.clip_grad_norm_. */
export function clipByGlobalNorm(most: number): Transform {
  return {
    state: () => [],
    apply({ b, updates }) {
      const norm = b.op("Add", [globalNorm(b, updates), b.scalar(1e-6)]);
      const factor = b.op("Min", [b.op("Div", [b.scalar(most), norm]), b.scalar(1)]);
      return { updates: updates.map((u) => b.op("Mul", [u, factor])), state: [] };
    },
  };
}
