import { join } from "node:path";
import { root, shared } from "../support/fixtures.ts";

/** Work on pictures of random numbers, by a network of random weights: speed does not depend on them. */
export interface NetworkRequest {
  /** head: one dense layer of 10 classes, over cached features. */
  readonly network: "resnet18" | "cifar-convnet" | "mobilenet-v2" | "head";
  /** last-stage: layer4 and the head learn, ours from cached activations. */
  readonly work: "step" | "inference" | "last-stage";
  readonly batch: number;
  /** Side of a picture in pixels; how many features the head has. */
  readonly size: number;
  /** folded: into the convolutions, as most files come. batch: the statistics of each batch. */
  readonly batchNorm: "folded" | "batch";
}

/** Work on real photos by ResNet18 at 224 px, from their files on. */
export interface PhotoRequest {
  readonly work: "label" | "first-label" | "frozen";
  /** Folders of photos; for "frozen" one with train/ and val/. */
  readonly data: readonly string[];
  /** Our model. */
  readonly model: string;
}

/** What both sides are asked to do once. It goes to each as a line of JSON. */
export type BenchRequest = (NetworkRequest | PhotoRequest) & {
  /** Runs that are not measured, before the first. */
  readonly warmUps: number;
  /** How often a run does the work, so that it is long enough to be measured; its seconds are those of once. */
  readonly repeats: number;
};

export interface BenchCase {
  readonly request: BenchRequest;
  /** The script of `peers/` that does the same. */
  readonly peer: "networks.py" | "photos.py";
  readonly unit: string;
  /** How many of the unit's items a run does. */
  readonly items: number;
  /** Each run is a new process, and its start is measured too. */
  readonly fromStart: boolean;
  /** Paths in `../shared/` without which the work cannot be done. */
  readonly needs: readonly string[];
}

function network(request: NetworkRequest, repeats = 1): BenchCase {
  const { batch } = request;
  return {
    request: { ...request, warmUps: 2, repeats },
    peer: "networks.py",
    unit: "img/s",
    items: batch,
    fromStart: false,
    needs: [],
  };
}

function photos(
  work: PhotoRequest["work"],
  data: readonly string[],
  count: { unit: string; items: number },
): BenchCase {
  const model = "models/resnet18-folded.onnx";
  const at = (path: string): string => join(root, "..", "shared", path);
  return {
    request: { work, data: data.map(at), model: at(model), warmUps: work === "label" ? 1 : 0, repeats: 1 },
    peer: "photos.py",
    ...count,
    fromStart: work === "first-label",
    needs: [...data, model],
  };
}

const resnet18 = { network: "resnet18", work: "step" } as const;
const inference = { network: "resnet18", work: "inference", size: 224, batchNorm: "folded" } as const;

/** The name says the work, the size of a picture, the batch, and how BatchNorm is treated. */
export const CASES: Readonly<Record<string, BenchCase>> = {
  "full-224-b4-folded": network({ ...resnet18, size: 224, batch: 4, batchNorm: "folded" }),
  "full-224-b4-batch": network({ ...resnet18, size: 224, batch: 4, batchNorm: "batch" }),
  "full-224-b16-folded": network({ ...resnet18, size: 224, batch: 16, batchNorm: "folded" }),
  "full-224-b16-batch": network({ ...resnet18, size: 224, batch: 16, batchNorm: "batch" }),
  "full-224-b32-folded": network({ ...resnet18, size: 224, batch: 32, batchNorm: "folded" }),
  "full-224-b32-batch": network({ ...resnet18, size: 224, batch: 32, batchNorm: "batch" }),
  "full-64-b64-folded": network({ ...resnet18, size: 64, batch: 64, batchNorm: "folded" }),
  "full-64-b64-batch": network({ ...resnet18, size: 64, batch: 64, batchNorm: "batch" }),
  "inference-224-b1": network({ ...inference, batch: 1 }, 10),
  "inference-224-b32": network({ ...inference, batch: 32 }),
  "cifar-convnet-32-b64": network(
    { network: "cifar-convnet", work: "step", size: 32, batch: 64, batchNorm: "batch" },
    5,
  ),
  "mobilenet-v2-224-b8": network({ network: "mobilenet-v2", work: "step", size: 224, batch: 8, batchNorm: "batch" }),
  "last-stage-224-b16": network({ ...resnet18, work: "last-stage", size: 224, batch: 16, batchNorm: "folded" }),
  "head-512-b256": network({ network: "head", work: "step", size: 512, batch: 256, batchNorm: "folded" }, 200),
  "first-label": photos("first-label", ["data/photos/images"], { unit: "starts/s", items: 1 }),
  "label-666": photos("label", ["data/hymenoptera", "data/photos/images"], { unit: "img/s", items: 666 }),
  "frozen-10-epochs": photos("frozen", ["data/hymenoptera"], { unit: "epochs/s", items: 10 }),
};

/** What the work needs of `../shared/` and is not here. */
export function missing({ needs }: BenchCase): readonly string[] {
  return needs.filter((path) => shared(path) === undefined);
}
