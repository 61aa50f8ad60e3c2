import { ToolkitError } from "../errors.ts";
import type { Dim } from "../graph/ir.ts";
import type { Operator } from "../graph/operator.ts";
import { multiplyDims } from "../graph/shape.ts";
import { divideDims } from "./dims.ts";

function quotient(dim: Dim, by: number): Dim {
  return divideDims([dim], [by]) ?? `(${dim}/${by})`;
}

/** Channels in blocks of b x b become pixels: [N,C,H,W] to [N,C/b^2,H b,W b]. Mode DCR has the block before the channel, CRD behind it. */
export const depthToSpace: Operator = {
  type: "DepthToSpace",
  infer: ({ input, attrs, where }) => {
    const { dtype, shape } = input(0);
    const size = attrs.int("blocksize", 1);
    const [batch = 1, channels = 1, ...map] = shape;
    // mode CRD goes back by the order of the channels
    if (typeof channels !== "number") {
      throw new ToolkitError("E_SHAPE", `Cannot infer the shape of ${where}: its number of channels is not known`);
    }
    return [{ dtype, shape: [batch, quotient(channels, size * size), ...map.map((dim) => multiplyDims([dim, size]))] }];
  },
  gradient: ({ b, x, dy, attrs }) => [
    () => {
      const blocksize = attrs.int("blocksize", 1);
      const back = b.op("SpaceToDepth", [dy()], { blocksize });
      const channels = x().shape[1];
      if (attrs.string("mode", "DCR") === "DCR" || typeof channels !== "number") return back;
      // SpaceToDepth has the block before the channel
      const block = blocksize * blocksize;
      const order = Array.from(
        { length: channels },
        (_, i) => (i % block) * (channels / block) + Math.floor(i / block),
      );
      return b.op("Gather", [back, b.ints(order)], { axis: 1 });
    },
  ],
};

/** The inverse of DepthToSpace in mode DCR. */
export const spaceToDepth: Operator = {
  type: "SpaceToDepth",
  infer: ({ input, attrs }) => {
    const { dtype, shape } = input(0);
    const size = attrs.int("blocksize", 1);
    const [batch = 1, channels = 1, ...map] = shape;
    return [{ dtype, shape: [batch, multiplyDims([channels, size * size]), ...map.map((dim) => quotient(dim, size))] }];
  },
  gradient: ({ b, dy, attrs }) => [() => b.op("DepthToSpace", [dy()], { blocksize: attrs.int("blocksize", 1) })],
};
