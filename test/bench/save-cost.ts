/**
 * What a checkpoint of ResNet18 with momentum costs: fails where 95 of 100 saves take longer than 500 ms, or saves more than 2 % of the time of training at
 * the default interval. Compiled: `node dist/test/bench/save-cost.js [--json FILE]`
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { resnet } from "../../models/resnet.ts";
import type { Sample } from "../../toolkit/data/sample.ts";
import { fineTune } from "../../toolkit/fine-tune/fine-tune.ts";
import type { FineTuneSettings } from "../../toolkit/fine-tune/settings.ts";
import { settle } from "../../toolkit/fine-tune/settings.ts";
import { hash } from "../../toolkit/graph/random.ts";
import { toBytes } from "../../toolkit/graph/tensor.ts";
import { OPSET } from "../../toolkit/passes/normalise.ts";
import { nodeRuntime } from "../../toolkit/runtime/node.ts";
import { openCheckpoints } from "../../toolkit/train/checkpoint-folder.ts";
import type { CheckpointFolder } from "../../toolkit/train/checkpoint-folder.ts";
import { describeMachine } from "./machine.ts";

const MOST_MS = 500;
const MOST_SHARE = 0.02;
const SAVES = 40;
/** The first ones make the files and warm the machine up. */
const WARM_UP = 2;
const STEPS = 8;
const CLASSES = ["a", "b", "c"];

function samples(part: string, count: number, side: number): readonly Sample[] {
  return Array.from({ length: count }, (_, i) => {
    const data = Uint8Array.from({ length: side * side * 3 }, (__, at) => hash(i, at >> 4) % 256);
    return { path: `${part}/${i}`, id: `${part}/${i}`, label: i % 3, picture: { width: side, height: side, data } };
  });
}

interface Times {
  /** From a step's end until its checkpoint lasts. */
  readonly saves: readonly number[];
  /** From one step's end to the next, where no checkpoint lies between. */
  readonly steps: readonly number[];
}

/** Trains every layer for some steps and takes the times between its events, in milliseconds. */
async function times(settings: FineTuneSettings, steps: number, checkpoints: CheckpointFolder): Promise<Times> {
  const { sizePx = 224, batchSize = 16 } = settings;
  const graph = resnet({ depth: 18, classes: CLASSES.length });
  const run = fineTune({
    mode: "full",
    epochs: 1,
    augment: false,
    batchNorm: "frozen",
    maxSteps: steps,
    ...settings,
    source: { model: { graph, opsets: new Map([["", OPSET]]), metadata: new Map() }, name: "resnet18", sha256: "00" },
    dataset: {
      classes: CLASSES,
      train: samples("train", batchSize * steps, sizePx),
      validation: samples("val", 3, sizePx),
      bad: [],
    },
    platform: {
      runtime: nodeRuntime,
      decoder: { decode: () => Promise.reject(new Error("the pictures are decoded")) },
      hashFile: (photo) => Promise.resolve(JSON.stringify(photo)),
      checkpoints,
    },
  });
  const [saves, between]: [number[], number[]] = [[], []];
  let last: { readonly kind: string; readonly at: number } | undefined;
  for await (const { kind } of run) {
    const at = performance.now();
    if (last?.kind === "step" && kind === "checkpoint") saves.push(at - last.at);
    if (last?.kind === "step" && kind === "step") between.push(at - last.at);
    last = { kind, at };
  }
  return { saves, steps: between };
}

function quantile(list: readonly number[], share: number): number {
  return list.toSorted((a, b) => a - b)[Math.ceil(share * list.length) - 1] ?? Number.NaN;
}

const { values } = parseArgs({ options: { json: { type: "string" } } });
const folder = await mkdtemp(join(tmpdir(), "onnx-graft-save-cost-"));
try {
  const checkpoints = await openCheckpoints(folder);
  const small = { sizePx: 64, batchSize: 4, checkpointEvery: 1 };
  const saves = (await times(small, SAVES + WARM_UP, checkpoints)).saves.slice(WARM_UP);
  const written = await checkpoints.latest();
  const bytes = [...(written?.checkpoint.tensors.values() ?? [])].reduce(
    (sum, t) => sum + toBytes(t.data).byteLength,
    0,
  );
  const stepMs = quantile((await times({}, STEPS, checkpoints)).steps, 0.5);
  const { checkpointEvery } = settle({}, 224);
  const [p50, p95] = [quantile(saves, 0.5), quantile(saves, 0.95)];
  const share = p50 / (checkpointEvery * stepMs + p50);
  const rounded = (value: number): number => Number(value.toPrecision(3));
  const report = {
    what: "a checkpoint of ResNet18: weights and momentum",
    machine: describeMachine(undefined),
    megabytes: rounded(bytes / 1e6),
    saves: saves.length,
    saveMs: { p50: rounded(p50), p95: rounded(p95), most: rounded(Math.max(...saves)) },
    stepMs: rounded(stepMs),
    step: "16 pictures of 224 px, every layer",
    stepsBetween: checkpointEvery,
    share: rounded(share),
  };
  const text = `${JSON.stringify(report, undefined, 2)}\n`;
  process.stdout.write(text);
  if (values.json !== undefined) await writeFile(values.json, text);
  if (p95 > MOST_MS || share > MOST_SHARE) {
    process.stderr.write(`expected ${MOST_MS} ms and a share of ${MOST_SHARE} at the most\n`);
    process.exitCode = 1;
  }
} finally {
  await rm(folder, { recursive: true });
}
