import { epochOrder } from "../../toolkit/data/augment.ts";
import type { Dataset } from "../../toolkit/node.ts";
import { drawPictures, PICTURE, readCifar10, SIDE_PX } from "../two-layer-net/pictures.ts";
import type { Pictures } from "../two-layer-net/pictures.ts";

const CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"] as const;

/**
 * CIFAR-10 from a folder, decoded once for all rows; the test pictures validate.
 * @throws E_DATA_FORMAT where the folder has neither of its forms
 */
export async function readPictures(folder: string): Promise<Dataset> {
  const { train, test } = await readCifar10(folder);
  return { classes: CLASSES, train: samples("train", train), validation: samples("test", test), bad: [] };
}

/** Some of the pictures to learn from, the same in each run; all that there are to be tested on. */
export function someOf(data: Dataset, count: number): Dataset {
  const order = epochOrder(data.train.length, 0, 0).subarray(0, count);
  return { ...data, train: Array.from(order, (i) => data.train[i]).filter((sample) => sample !== undefined) };
}

/** Pictures that are drawn: ten kinds of stripes. */
export function drawnPictures(train: number, test: number): Dataset {
  const classes = Array.from({ length: 10 }, (_, direction) => `stripes-${direction}`);
  const drawn = { train: drawPictures(train, 1), test: drawPictures(test, 2) };
  return { classes, train: samples("train", drawn.train), validation: samples("test", drawn.test), bad: [] };
}

function samples(part: string, { planes, labels }: Pictures): Dataset["train"] {
  const area = SIDE_PX * SIDE_PX;
  return Array.from(labels, (label, i) => {
    const data = new Uint8Array(PICTURE);
    // pixel by pixel, where they lie plane by plane
    for (let at = 0; at < PICTURE; at++) data[at] = planes[i * PICTURE + (at % 3) * area + Math.floor(at / 3)] ?? 0;
    const id = `${part}/${i}`;
    return { id, path: id, label, picture: { width: SIDE_PX, height: SIDE_PX, data } };
  });
}
