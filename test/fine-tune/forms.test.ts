import assert from "node:assert/strict";
import { fillNormal } from "../../toolkit/graph/random.ts";
import { scalar } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { batchNormForm, networkStage, unfold } from "../../toolkit/fine-tune/network-stage.ts";
import type { Photos } from "../../toolkit/fine-tune/photos.ts";
import type { Platform } from "../../toolkit/fine-tune/platform.ts";
import { settle } from "../../toolkit/fine-tune/settings.ts";
import { startStage } from "../../toolkit/fine-tune/stage.ts";
import { graft } from "../../toolkit/fine-tune/student.ts";
import type { SourceModel } from "../../toolkit/export/source-model.ts";
import { readModelFile } from "../../toolkit/onnx/read-file.ts";
import { oneHot } from "../../toolkit/train/batch.ts";
import type { TrainBatch } from "../../toolkit/train/batch.ts";
import { stackFeeds } from "../../toolkit/train/stack-feeds.ts";
import { STEP } from "../../toolkit/train/step.ts";
import { fixture, readJson } from "../support/fixtures.ts";
import { directRuntime } from "../support/run-graph.ts";

interface Form {
  readonly file: string;
  readonly about: string;
  readonly batchNorm: "nodes" | "folded";
  readonly features: number;
}

const { forms } = readJson<{ forms: Readonly<Record<string, Form>> }>(fixture("forms/forms.json"));

const ROWS = 4;
const SIZE = 64;
const CLASSES = ["a", "b", "c"];

/** One batch of noise, the same every time. */
function batchFor(input: string): TrainBatch {
  const pictures: TensorData = {
    dtype: "float32",
    shape: [ROWS, 3, SIZE, SIZE],
    data: fillNormal(ROWS * 3 * SIZE * SIZE, 1, 2),
  };
  return {
    inputs: new Map([[input, pictures]]),
    labels: Int32Array.from([0, 1, 2, 1]),
    weight: new Float32Array(ROWS).fill(1),
    count: ROWS,
    indices: Int32Array.from([0, 1, 2, 3]),
    position: ROWS,
  };
}

function photosOf(input: string): Photos {
  const one = async function* (): AsyncGenerator<TrainBatch> {
    yield batchFor(input);
  };
  return {
    rows: ROWS,
    training: one,
    validation: one,
    evaluation: one,
    sampled: one,
    stepsPerEpoch: () => 1,
    dims: (graph) => {
      const extents = [ROWS, 3, SIZE, SIZE];
      return new Map(
        (graph.inputs[0]?.shape ?? []).flatMap((dim, i) =>
          typeof dim === "string" ? [[dim, extents[i] ?? 1] as const] : [],
        ),
      );
    },
  };
}

const platform: Platform = {
  runtime: directRuntime,
  decoder: { decode: () => Promise.reject(new Error("no photo is decoded here")) },
  hashFile: () => Promise.reject(new Error("no photo is hashed here")),
};

/** Losses of a few steps on one repeated batch. */
async function losses(source: SourceModel, batchNorm: "batch" | "frozen"): Promise<readonly number[]> {
  const settings = settle({ mode: "full", batchSize: ROWS, sizePx: SIZE, rate: 0.01, batchNorm, seed: 1 }, SIZE);
  const student = graft(source, CLASSES, settings);
  const photos = photosOf(student.input);
  const unfolded = await unfold(student, settings, photos, platform);
  assert.notEqual(batchNormForm(unfolded.student.graph, settings), "none", "there is BatchNormalization to train with");
  const stage = networkStage(unfolded.student, settings, photos, CLASSES.length);
  const { session } = await startStage(platform.runtime, stage, {});
  try {
    const { inputs, labels, weight } = batchFor(student.input);
    const feeds = new Map([
      ...inputs,
      [STEP.target, oneHot(labels, CLASSES.length)],
      [STEP.weight, { dtype: "float32", shape: [ROWS], data: weight }],
      [STEP.divisor, scalar(ROWS)],
      [STEP.rate, scalar(settings.rate)],
    ] as [string, TensorData][]);
    const seen: number[] = [];
    for (let i = 0; i < 4; i++)
      seen.push(
        Number((await session.run({ feeds: stackFeeds([feeds]), fetch: [STEP.loss] })).get(STEP.loss)?.data[0]),
      );
    return seen;
  } finally {
    await session.release();
  }
}

describe("fine-tune on every form of ResNet18", () => {
  for (const [name, form] of Object.entries(forms)) {
    it(`takes a new head and trains: ${name} (${form.about})`, async () => {
      const source = { model: await readModelFile(fixture(`forms/${form.file}`)), name, sha256: "" };
      for (const batchNorm of ["batch", "frozen"] as const) {
        const seen = await losses(source, batchNorm);
        assert.ok(seen.every(Number.isFinite), `${batchNorm}: losses ${seen.join(", ")}`);
        assert.ok(
          (seen.at(-1) ?? 0) < (seen[0] ?? 0),
          `${batchNorm}: the loss falls on a repeated batch: ${seen.join(", ")}`,
        );
      }
    });
  }
});
