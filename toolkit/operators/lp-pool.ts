import type { Operator } from "../graph/operator.ts";
import { pooled } from "./global-pool.ts";
import { scalarLike } from "./like.ts";
import { overPower, powerWithSign } from "./lp-norm.ts";
import { slide } from "./window.ts";

/** y = (sum over the window of |x|^p)^(1/p) */
export const lpPool: Operator = {
  type: "LpPool",
  infer: ({ input, attrs, where }) => {
    const { dtype, shape } = input(0);
    return [
      { dtype, shape: [...shape.slice(0, 2), ...slide(attrs, attrs.ints("kernel_shape", []), shape.slice(2), where)] },
    ];
  },
  gradient: ({ b, x, y, dy, attrs }) => [
    () => {
      const { p: _, ...window } = attrs.all;
      const p = attrs.int("p", 2);
      const size = attrs.ints("kernel_shape", []).reduce((n, extent) => n * extent, 1);
      // the gradient of a mean that counts padding is a share of 1 / size for each element of the window
      const inputs = [overPower(b, dy(), y(), p), x()];
      const shares = b.gradient("AveragePoolGradient", inputs, { ...window, count_include_pad: 1 });
      return b.op("Mul", [b.op("Mul", [shares, scalarLike(b, size, x())]), powerWithSign(b, x(), p)]);
    },
  ],
};

/** y = (sum over the map of |x|^p)^(1/p) */
export const globalLpPool: Operator = {
  type: "GlobalLpPool",
  infer: pooled,
  gradient: ({ b, x, y, dy, attrs }) => [
    () => {
      const p = attrs.int("p", 2);
      return b.op("Mul", [overPower(b, dy(), y(), p), powerWithSign(b, x(), p)]);
    },
  ],
};
