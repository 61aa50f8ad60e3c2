import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { uniform } from "../../toolkit/graph/random.ts";
import { ToolkitError } from "../../toolkit/node.ts";

/** Side of the pictures. */
export const SIDE_PX: number = 32;
/** Numbers of a picture. */
export const PICTURE: number = 3 * SIDE_PX * SIDE_PX;

/** Pictures of 32x32 px, each as planes of red, green and blue, 0 to 255, and their classes. */
export interface Pictures {
  /** [N,3,32,32] */
  readonly planes: Uint8Array;
  /** [N] */
  readonly labels: Uint8Array;
}

/** Pictures decoded at the same time. */
const AT_ONCE = 64;

/**
 * CIFAR-10 from a folder: the official binary files (data_batch_1.bin to 5, test_batch.bin), or JPEG files one after the other in train.bin and test.bin,
 * with their places in train.json and test.json.
 * @throws E_DATA_FORMAT where the folder has neither
 */
export async function readCifar10(folder: string): Promise<{ readonly train: Pictures; readonly test: Pictures }> {
  const names = await readdir(folder);
  const batches = names.filter((name) => /^data_batch_\d\.bin$/.test(name)).toSorted();
  if (batches.length > 0) {
    return { train: await readRecords(folder, batches), test: await readRecords(folder, ["test_batch.bin"]) };
  }
  if (names.includes("train.json")) {
    return { train: await readJpegs(folder, "train.json"), test: await readJpegs(folder, "test.json") };
  }
  throw new ToolkitError(
    "E_DATA_FORMAT",
    `Cannot read CIFAR-10 from "${folder}": expected data_batch_1.bin and others`,
    {
      hint: "unpack the binary version, cifar-10-binary.tar.gz, and name its folder",
    },
  );
}

/** Records of a class and the planes. */
async function readRecords(folder: string, files: readonly string[]): Promise<Pictures> {
  const bytes = Buffer.concat(await Promise.all(files.map((file) => readFile(join(folder, file)))));
  const count = bytes.length / (PICTURE + 1);
  const planes = new Uint8Array(count * PICTURE);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const start = i * (PICTURE + 1);
    labels[i] = bytes[start] ?? 0;
    planes.set(bytes.subarray(start + 1, start + 1 + PICTURE), i * PICTURE);
  }
  return { planes, labels };
}

interface Places {
  readonly bin: string;
  /** Name, class, offset and length of each. */
  readonly images: readonly (readonly [string, number, number, number])[];
}

/** Pictures as JPEG files one after the other, whose places stand in `file`. */
export async function readJpegs(folder: string, file: string): Promise<Pictures> {
  const { bin, images } = JSON.parse(await readFile(join(folder, file), "utf8")) as Places;
  const bytes = await readFile(join(folder, bin));
  const planes = new Uint8Array(images.length * PICTURE);
  const decode = async (i: number): Promise<void> => {
    const [, , offset = 0, length = 0] = images[i] ?? [];
    const pixels = await sharp(bytes.subarray(offset, offset + length))
      .toColourspace("srgb")
      .raw()
      .toBuffer();
    writePlanes(pixels, planes.subarray(i * PICTURE, (i + 1) * PICTURE));
  };
  for (let start = 0; start < images.length; start += AT_ONCE) {
    const length = Math.min(AT_ONCE, images.length - start);
    await Promise.all(Array.from({ length }, (_, i) => decode(start + i)));
  }
  return { planes, labels: Uint8Array.from(images, ([, label]) => label) };
}

/** Red, green and blue of each pixel as three planes. */
function writePlanes(pixels: Uint8Array, planes: Uint8Array): void {
  const area = SIDE_PX * SIDE_PX;
  for (let i = 0; i < pixels.length; i++) planes[(i % 3) * area + Math.floor(i / 3)] = pixels[i] ?? 0;
}

/** Made-up pictures of ten classes, in turn: stripes of a direction and a colour each, under noise. */
export function drawPictures(count: number, seed: number): Pictures {
  const planes = new Uint8Array(count * PICTURE);
  for (let at = 0; at < planes.length; at++) {
    const [picture, inPicture] = [Math.floor(at / PICTURE), at % PICTURE];
    const [plane, pixel] = [Math.floor(inPicture / SIDE_PX ** 2), inPicture % SIDE_PX ** 2];
    const angle = ((picture % 10) * Math.PI) / 10;
    const across = (pixel % SIDE_PX) * Math.cos(angle) + Math.floor(pixel / SIDE_PX) * Math.sin(angle);
    const colour = plane === picture % 3 ? 60 : 20;
    planes[at] = 127 + colour * Math.sin(across / 2) + 100 * (uniform(seed, picture, inPicture) - 0.5);
  }
  return { planes, labels: Uint8Array.from({ length: count }, (_, i) => i % 10) };
}

/** Some of the pictures, in this order. */
export function pick({ planes, labels }: Pictures, order: ArrayLike<number>): Pictures {
  const picked = { planes: new Uint8Array(order.length * PICTURE), labels: new Uint8Array(order.length) };
  for (let i = 0; i < order.length; i++) {
    const from = order[i] ?? 0;
    picked.planes.set(planes.subarray(from * PICTURE, (from + 1) * PICTURE), i * PICTURE);
    picked.labels[i] = labels[from] ?? 0;
  }
  return picked;
}
