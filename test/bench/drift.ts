/**
 * How far blocked and plain training move apart, beside how far PyTorch's two memory formats do on the same batches:
 * node dist/test/bench/drift.js DATA FOLDED.onnx [--steps 50] [--json FILE]. And how far the first gradients move by themselves where the pictures
 * change in the last digit of float32: closer than that no two ways to compute them can lie. Restored BatchNormalization with frozen statistics, SGD 1e-3, momentum 0.9, batch 16.
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fineTune } from "../../toolkit/fine-tune/fine-tune.ts";
import type { Platform } from "../../toolkit/fine-tune/platform.ts";
import { normalisationOf } from "../../toolkit/export/source-model.ts";
import { openModel, readDataset, sharpDecoder } from "../../toolkit/node.ts";
import { hashFile } from "../../toolkit/data/hash.ts";
import { ToolkitError } from "../../toolkit/errors.ts";
import { nodeRuntime } from "../../toolkit/runtime/node.ts";
import type { Runtime, Tensors } from "../../toolkit/runtime/runtime.ts";
import { root } from "../support/fixtures.ts";

interface Trained {
  readonly losses: readonly number[];
  /** The state after the first step and after the last. */
  readonly first: Tensors;
  readonly last: Tensors;
}

/** A runtime without blocked operators. */
const plainRuntime: Runtime = {
  ...nodeRuntime,
  load(model, options) {
    if (Buffer.from(model.buffer, model.byteOffset, model.byteLength).includes("com.microsoft.nchwc"))
      throw new ToolkitError("E_RUNTIME", "Cannot load the graph: this runtime has no blocked operators");
    return nodeRuntime.load(model, options);
  },
};

/** A change of the pictures in the last digit of float32. */
const NUDGE = 1 + 2 ** -23;

async function train(runtime: Runtime, data: string, model: string, steps: number, scale = 1): Promise<Trained> {
  const opened = await openModel(model);
  const { mean, std } = normalisationOf(opened);
  const source = { ...opened, mean, std: std.map((deviation) => deviation / scale) };
  const states: Tensors[] = [];
  const platform: Platform = {
    runtime,
    decoder: sharpDecoder(),
    hashFile,
    checkpoints: {
      save: (step, { tensors }) => {
        if (step === 1 || step === steps) states.push(tensors);
        return Promise.resolve("");
      },
      saveBest: () => Promise.resolve(""),
      latest: () => Promise.resolve(undefined),
      best: () => Promise.resolve(undefined),
    },
  };
  const run = fineTune({
    source,
    dataset: await readDataset(data),
    platform,
    mode: "full",
    sizePx: 224,
    resizePx: 256,
    batchSize: 16,
    epochs: Math.ceil(steps / 16) + 1,
    maxSteps: steps,
    optimizer: "sgd",
    momentum: 0.9,
    rate: 1e-3,
    decay: 0,
    schedule: "constant",
    stemFactor: 1,
    batchNorm: "frozen",
    augment: true,
    cropScale: 0.35,
    checkpointEvery: 1,
    keep: "last",
    seed: 0,
  });
  const losses: number[] = [];
  for await (const event of run) if (event.kind === "step") losses.push(event.loss);
  const [first, last] = states as [Tensors, Tensors];
  return { losses, first, last };
}

/** The norm of the difference over the norm, of all float32 tensors whose name `wanted` takes. */
function distance(a: Tensors, b: Tensors, wanted: (name: string) => boolean): number {
  let [difference, size] = [0, 0];
  for (const [name, t] of a) {
    if (!wanted(name)) continue;
    const other = b.get(name)?.data as Float32Array;
    for (const [i, v] of (t.data as Float32Array).entries()) {
      difference += (v - (other[i] ?? 0)) ** 2;
      size += v * v;
    }
  }
  return Math.sqrt(difference / size);
}

const { values, positionals } = parseArgs({
  options: { steps: { type: "string", default: "50" }, json: { type: "string" } },
  allowPositionals: true,
});
const [data = "", model = ""] = positionals;
const steps = Number(values.steps);
const blocked = await train(nodeRuntime, data, model, steps);
const plain = await train(plainRuntime, data, model, steps);
const nudged = await train(plainRuntime, data, model, 1, NUDGE);
const isSlot = (name: string): boolean => name.startsWith("step/");
const largest = Math.max(...blocked.losses.map((loss, i) => Math.abs(loss - (plain.losses[i] ?? 0))));
const python = process.env["TORCH_PYTHON"] ?? "python3";
const peer = spawnSync(python, ["-B", join(root, "test/bench/peers/drift.py"), data, model, String(steps)], {
  encoding: "utf8",
  stdio: ["ignore", "pipe", "inherit"],
});
const result = {
  steps,
  // after the first step the momentum is the gradient
  firstGradients: distance(plain.first, blocked.first, isSlot),
  // how far plain operators move where the pictures change in their last digit
  nudgedFirstGradients: distance(plain.first, nudged.first, isSlot),
  parameters: distance(plain.last, blocked.last, (name) => !isSlot(name)),
  loss: largest,
  lastLosses: [blocked.losses.at(-1), plain.losses.at(-1)],
  pytorch: peer.status === 0 ? (JSON.parse(peer.stdout) as unknown) : null,
};
console.log(JSON.stringify(result, undefined, 2));
if (values.json) writeFileSync(values.json, `${JSON.stringify(result, undefined, 2)}\n`);
