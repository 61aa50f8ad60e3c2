import { uniform } from "../../toolkit/graph/random.ts";
import type { DataSource, Entry } from "../../toolkit/node.ts";
import { CLASSES } from "./nine-classes.ts";
import type { Amounts } from "./nine-classes.ts";

const SIDE_PX = 32;

/** Nine classes of made-up pictures: noisy stripes in nine directions. */
export function stripes(amounts: Amounts): DataSource {
  const classes = Array.from({ length: CLASSES }, (_, direction) => `stripes-${direction}`);
  const entries = classes.flatMap((label, direction) => {
    const each = (part: "train" | "test"): readonly Entry[] =>
      Array.from({ length: amounts[part] }, (_, i) => {
        const id = `${part}/${label}/${i}`;
        return { id, path: id, labels: [label], part, picture: draw(direction, part === "test" ? -1 - i : i) };
      });
    return [...each("train"), ...each("test")];
  });
  return { entries, classes, isMultiLabel: false, bad: [] };
}

function draw(direction: number, picture: number): { width: number; height: number; data: Uint8Array } {
  const angle = (direction * Math.PI) / CLASSES;
  const data = Uint8Array.from({ length: SIDE_PX * SIDE_PX * 3 }, (_, at) => {
    const pixel = Math.floor(at / 3);
    const across = (pixel % SIDE_PX) * Math.cos(angle) + Math.floor(pixel / SIDE_PX) * Math.sin(angle);
    return 127 + 60 * Math.sin(across / 2 + picture) + 60 * (uniform(direction, picture, at) - 0.5);
  });
  return { width: SIDE_PX, height: SIDE_PX, data };
}
