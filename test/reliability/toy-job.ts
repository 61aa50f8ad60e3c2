import type { Sample } from "../../toolkit/data/sample.ts";
import type { FineTuneOptions } from "../../toolkit/fine-tune/fine-tune.ts";
import type { FineTuneSettings } from "../../toolkit/fine-tune/settings.ts";
import { hash } from "../../toolkit/graph/random.ts";
import type { Pixels } from "../../toolkit/images/decoder.ts";
import { OPSET } from "../../toolkit/passes/normalise.ts";
import type { CheckpointFolder } from "../../toolkit/train/checkpoint-folder.ts";
import { directRuntime } from "../support/run-graph.ts";
import { tinyResnet } from "./tiny-resnet.ts";

const CLASSES = ["blue", "green", "red"];
const SIDE_PX = 40;
/** What `batchNorm: "batch"` leaves of it are 20 full batches of 8. */
const TRAIN = 164;
const VALIDATION = 12;

/** Steps of a whole run, and how far apart its checkpoints are. */
export const STEPS = 200;
export const EVERY = 5;

/** What training must carry over an interruption is all in it: batch statistics, momentum, dropout, random crops, a schedule. One thread, so that bits can be compared. */
const SETTINGS: FineTuneSettings = {
  mode: "full",
  epochs: 10,
  batchSize: 8,
  sizePx: 32,
  rate: 0.02,
  seed: 3,
  threads: 1,
  cropScale: 0.5,
  batchNorm: "batch",
  dropout: 0.2,
  checkpointEvery: EVERY,
};

export interface ToyJob extends FineTuneSettings {
  readonly checkpoints: CheckpointFolder;
  readonly resume?: boolean;
  readonly forceResume?: boolean;
  readonly signal?: AbortSignal;
  /** A clock in milliseconds; without one a checkpoint is written at the end of every epoch. */
  readonly now?: () => number;
}

/** The run that these tests interrupt: a ResNet of 8 channels on noisy one-coloured pictures of 32 px. */
export function toyJob({
  checkpoints,
  resume = false,
  forceResume = false,
  signal,
  now,
  ...settings
}: ToyJob): FineTuneOptions {
  const graph = tinyResnet(CLASSES.length);
  return {
    ...SETTINGS,
    ...settings,
    source: { model: { graph, opsets: new Map([["", OPSET]]), metadata: new Map() }, name: "toy", sha256: "00" },
    dataset: { classes: CLASSES, train: samples("train", TRAIN), validation: samples("val", VALIDATION), bad: [] },
    platform: {
      runtime: directRuntime,
      decoder: { decode: () => Promise.reject(new Error("the pictures are decoded")) },
      hashFile: (photo) => Promise.resolve(JSON.stringify(photo)),
      checkpoints,
      ...(now ? { now } : {}),
    },
    resume,
    forceResume,
    ...(signal ? { signal } : {}),
  };
}

function samples(part: string, count: number): readonly Sample[] {
  return Array.from({ length: count }, (_, i) => {
    const label = i % CLASSES.length;
    const id = `${part}/${CLASSES[label]}/${i}`;
    return { path: id, id, label, picture: picture(label, hash(part.length, i)) };
  });
}

const noise = Uint8Array.from({ length: 4099 }, (_, i) => hash(0, i) % 150);

/** Noise in every channel, brighter in that of the class. */
function picture(label: number, seed: number): Pixels {
  const data = Uint8Array.from({ length: SIDE_PX * SIDE_PX * 3 }, (_, at) => {
    const bright = at % 3 === 2 - label ? 60 : 0;
    return bright + (noise[(at * 7 + (seed % 4096)) % noise.length] ?? 0);
  });
  return { width: SIDE_PX, height: SIDE_PX, data };
}
