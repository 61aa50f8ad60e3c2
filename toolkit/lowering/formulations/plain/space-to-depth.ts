import { hasSpatialExtents } from "../geometry.ts";
import type { Formulation } from "../../formulation.ts";
import { lacksKernel } from "./lacks-kernel.ts";

/** [N,C,H b,W b] as [N,C,H,b,W,b], with the blocks moved before the channels. */
const moved: Formulation = {
  name: "space-to-depth-moved",
  serves: ({ x }) => hasSpatialExtents(x()),
  pays: lacksKernel,
  write: ({ b, x, attrs }) => {
    const size = attrs.int("blocksize", 1);
    const [, channels = 1, height = 1, width = 1] = x().shape.map(Number);
    const [down, right] = [height / size, width / size];
    const blocks = b.op("Reshape", [x(), b.ints([-1, channels, down, size, right, size])]);
    const turned = b.op("Transpose", [blocks], { perm: [0, 3, 5, 1, 2, 4] });
    return [b.op("Reshape", [turned, b.ints([-1, size * size * channels, down, right])])];
  },
};

export const spaceToDepth: readonly Formulation[] = [moved];
