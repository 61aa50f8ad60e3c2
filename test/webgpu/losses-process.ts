import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { giveResult } from "../support/webgpu.ts";
import { writeToyPhotos } from "../support/toy-photos.ts";
import { fineTuneLosses, trainings } from "./fine-tune-losses.ts";
import type { Losses } from "./fine-tune-losses.ts";
import { keepDevice } from "./keep-device.ts";

/** A training on both providers. */
export interface ComparedLosses {
  readonly name: string;
  readonly cpu: Losses;
  readonly webgpu: Losses;
}

// the programs of one training serve the next
await keepDevice();
const names = new Set(process.argv.slice(2));
const folder = await mkdtemp(join(tmpdir(), "webgpu-losses-"));
try {
  // three colours: 21 photos are 5 batches of 4 and one more
  await writeToyPhotos(folder, { train: 7, validation: 2 });
  const compared: ComparedLosses[] = [];
  for (const training of trainings.filter(({ name }) => names.has(name))) {
    const cpu = await fineTuneLosses(folder, training, "cpu");
    const webgpu = await fineTuneLosses(folder, training, "webgpu");
    compared.push({ name: training.name, cpu, webgpu });
    console.log(training.name);
  }
  giveResult(compared);
} finally {
  await rm(folder, { recursive: true });
}
