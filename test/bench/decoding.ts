/**
 * How many photos a second become what a network sees: in this process, in one and two others, decoded or found decoded on disk.
 * `node --import=tsx test/bench/decoding.ts [--processes 0,1,2] FOLDER...`
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { inOrder } from "../../toolkit/data/in-order.ts";
import { listPhotos } from "../../toolkit/data/list-photos.ts";
import { type ClosableDecoder, photoDecoder } from "../../toolkit/data/photo-decoder.ts";
import { openPictureCache } from "../../toolkit/data/picture-cache.ts";
import { atOnceOf, type View, viewPhoto } from "../../toolkit/data/view.ts";

const RUNS = 3;
const { values, positionals } = parseArgs({
  options: { processes: { type: "string", default: "0,1,2" } },
  allowPositionals: true,
});
const { photos } = await listPhotos(positionals);
const cacheFolder = await mkdtemp(join(tmpdir(), "onnx-graft-bench-"));

/** Photos a second, and milliseconds of this process for each. */
async function pass(decoder: ClosableDecoder, crop: boolean, epoch: number): Promise<readonly [number, number]> {
  const viewOf = (sample: number): View => ({ sizePx: 224, ...(crop ? { crop: { seed: 0, epoch, sample } } : {}) });
  const load = (i: number): Promise<unknown> => viewPhoto(decoder, photos[i] ?? "", viewOf(i));
  const start = performance.now();
  const usage = process.cpuUsage();
  for await (const _ of inOrder(photos.length, load, { concurrency: atOnceOf(decoder), ahead: 32 }));
  const { user, system } = process.cpuUsage(usage);
  return [(photos.length * 1000) / (performance.now() - start), (user + system) / 1000 / photos.length];
}

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;

console.log(`${photos.length} photos at 224 px, median of ${RUNS} runs`);
for (const processes of values.processes.split(",").map(Number)) {
  for (const cached of [false, true]) {
    const decoder = photoDecoder({
      processes,
      ...(cached ? { cache: await openPictureCache({ folder: cacheFolder }) } : {}),
    });
    await pass(decoder, false, 0);
    for (const crop of [false, true]) {
      const runs: (readonly [number, number])[] = [];
      for (let i = 0; i < RUNS; i++) runs.push(await pass(decoder, crop, i));
      const [speed, own] = [median(runs.map(([s]) => s)), median(runs.map(([, ms]) => ms))];
      const name = `${processes} processes, ${cached ? "kept on disk" : "decoded"}, ${crop ? "random crop" : "middle"}`;
      console.log(`${name.padEnd(42)} ${speed.toFixed(0).padStart(5)} img/s, ${own.toFixed(2)} ms here`);
    }
    await decoder.close();
  }
}
await rm(cacheFolder, { recursive: true });
