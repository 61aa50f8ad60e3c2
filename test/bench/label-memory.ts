/**
 * Whether labelling a large collection into an index takes more memory the longer it goes on: fails where this process, or one that decodes,
 * grows by more than 1 MB in 1,000 photos after the first thousand. Compiled: `node dist/test/bench/label-memory.js [--photos 12000]`
 */
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import sharp from "sharp";
import { hash } from "../../toolkit/graph/random.ts";
import { openIndex, openModel, openTagger, tagPhotos } from "../../toolkit/node.ts";

const SIDE = 64;
const EVERY = 500;
const WARM = 1000;
const MOST_MB = 1;

const { values } = parseArgs({ options: { photos: { type: "string", default: "12000" } } });
const count = Number(values.photos);
const folder = await mkdtemp(join(tmpdir(), "onnx-graft-bench-"));

/** Megabytes per thousand photos: the slope of the straight line through the measurements (least squares). */
function slope(points: readonly (readonly [photos: number, mb: number])[]): number {
  const mean = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0) / numbers.length;
  const [x, y] = [mean(points.map(([photos]) => photos)), mean(points.map(([, mb]) => mb))];
  const [over, under] = points.reduce(([a, b], [p, mb]) => [a + (p - x) * (mb - y), b + (p - x) ** 2], [0, 0]);
  return (over / under) * 1000;
}

/** Small photos whose files all differ, so that each becomes an entry of the index. */
async function writePhotos(): Promise<readonly string[]> {
  await mkdir(join(folder, "photos"));
  const paths: string[] = [];
  const data = Uint8Array.from({ length: SIDE * SIDE * 3 }, (_, i) => hash(0, i >> 5) % 256);
  const photo = await sharp(data, { raw: { width: SIDE, height: SIDE, channels: 3 } })
    .jpeg()
    .toBuffer();
  for (let i = 0; i < count; i++) {
    const path = join(folder, "photos", `${i}.jpg`);
    // decoders ignore what follows the end of a picture
    await writeFile(path, Buffer.concat([photo, Buffer.from(String(i))]));
    paths.push(path);
  }
  return paths;
}

/** Megabytes that this process holds, and those of its children together where the system tells of them. */
function memory(): readonly [own: number, children: number] {
  const rss = (pid: string): number => {
    try {
      return Number(/VmRSS:\s*(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
    } catch {
      return 0;
    }
  };
  let children: readonly string[] = [];
  try {
    children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8").split(" ").filter(Boolean);
  } catch {
    // not on this system
  }
  return [process.memoryUsage.rss() / 2 ** 20, children.reduce((sum, pid) => sum + rss(pid), 0)];
}

try {
  const photos = await writePhotos();
  const source = await openModel(undefined, { sizePx: SIDE });
  const tagger = await openTagger(source);
  const index = await openIndex(join(folder, "index.db"));
  const points: (readonly [photos: number, own: number, children: number])[] = [];
  const start = performance.now();
  let done = 0;
  for await (const { file, status } of tagPhotos(photos, { tagger, index, model: source })) {
    if (status !== "labelled") throw new Error(`Cannot measure: "${file}" is ${status}, expected labelled`);
    if (++done % EVERY !== 0) continue;
    const [own, children] = memory();
    points.push([done, own, children]);
    const speed = (done * 1000) / (performance.now() - start);
    console.log(`${done} photos: ${own.toFixed(0)} MB, children ${children.toFixed(0)} MB, ${speed.toFixed(0)} img/s`);
  }
  await index.close();
  await tagger.close();
  const late = points.filter(([at]) => at > WARM);
  const own = slope(late.map(([at, mb]) => [at, mb]));
  const children = slope(late.map(([at, , mb]) => [at, mb]));
  console.log(`growth in 1,000 photos: ${own.toFixed(2)} MB, children ${children.toFixed(2)} MB (at most ${MOST_MB})`);
  if (own > MOST_MB || children > MOST_MB) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true });
}
