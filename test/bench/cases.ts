import { join } from "node:path";
import { root, shared } from "../support/fixtures.ts";

/** Work on pictures of random numbers, by a network of random weights: speed does not depend on them. */
export interface NetworkRequest {
  /** head: one dense layer of 10 classes, over cached features. */
  readonly network: "resnet18" | "resnet50" | "resnext50" | "mobilenet-v2" | "cifar-convnet" | "head";
  /**
   * last-stage: layer4 and the head learn, ours from cached activations.
   * transfer: the whole fixed network, then a step of a new head of 10 classes: pictures that nobody has seen before.
   * int8: inference in 8 bits, ours alone.
   */
  readonly work: "step" | "inference" | "last-stage" | "transfer" | "int8";
  readonly batch: number;
  /** Side of a picture in pixels; how many features the head has. */
  readonly size: number;
  /** folded: into the convolutions, as most files come. batch: the statistics of each batch. */
  readonly batchNorm: "folded" | "batch";
  /** Of both sides; each takes as many as it likes where absent. */
  readonly threads?: number;
}

/** Work on real photos by ResNet18 at 224 px, from their files on. */
export interface PhotoRequest {
  readonly work: "label" | "first-label" | "frozen";
  /** Folders of photos; for "frozen" one with train/ and val/. */
  readonly data: readonly string[];
  /** Our model. */
  readonly model: string;
  /** How often "frozen" sees each photo. */
  readonly epochs: number;
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
  /** The script of `peers/` that does the same; int8 is measured beside our own float32 instead. */
  readonly peer: "networks.py" | "photos.py" | "float32";
  readonly unit: string;
  /** How many of the unit's items a run does. */
  readonly items: number;
  /** Each run is a new process, and its start is measured too. */
  readonly fromStart: boolean;
  /** Paths in `../shared/` without which the work cannot be done. */
  readonly needs: readonly string[];
  /** peers/tfjs.mjs does it too. */
  readonly tfjs: boolean;
  /** The folders of `data` are replaced by one of so many photos, each other in its bytes: see photo-copies.ts. */
  readonly copies?: number;
}

/** A case of the peer's networks.py. */
export function network(request: NetworkRequest, repeats = 1): BenchCase {
  const { batch } = request;
  return {
    request: { ...request, warmUps: 2, repeats },
    peer: request.work === "int8" ? "float32" : "networks.py",
    unit: "img/s",
    items: batch,
    fromStart: false,
    needs: [],
    tfjs: false,
  };
}

/** A case of the peer's photos.py. */
export function photos(
  work: PhotoRequest["work"],
  data: readonly string[],
  count: { unit: string; items: number },
): BenchCase {
  const epochs = work === "frozen" ? count.items : 0;
  const model = "models/resnet18-folded.onnx";
  const at = (path: string): string => join(root, "..", "shared", path);
  return {
    request: { work, data: data.map(at), model: at(model), epochs, warmUps: work === "label" ? 1 : 0, repeats: 1 },
    peer: "photos.py",
    ...count,
    fromStart: work === "first-label",
    needs: [...data, model],
    tfjs: false,
  };
}

const resnet18 = { network: "resnet18", work: "step" } as const;
const resnet50 = { network: "resnet50", work: "step", size: 224, batch: 8 } as const;
const resnext50 = { ...resnet50, network: "resnext50" } as const;
const mobilenet = { ...resnet50, network: "mobilenet-v2" } as const;
const convnet = { network: "cifar-convnet", size: 32, batch: 64, batchNorm: "batch" } as const;
const head = { network: "head", work: "step", size: 512, batch: 256, batchNorm: "folded" } as const;
const inference = { network: "resnet18", work: "inference", size: 224, batchNorm: "folded" } as const;

/** The name says the work, the size of a picture, the batch, and how BatchNorm is treated. */
export const CASES: Readonly<Record<string, BenchCase>> = {
  "full-224-b4-folded": network({ ...resnet18, size: 224, batch: 4, batchNorm: "folded" }, 8),
  "full-224-b4-batch": network({ ...resnet18, size: 224, batch: 4, batchNorm: "batch" }, 8),
  "full-224-b16-folded": network({ ...resnet18, size: 224, batch: 16, batchNorm: "folded" }, 2),
  "full-224-b16-batch": network({ ...resnet18, size: 224, batch: 16, batchNorm: "batch" }, 2),
  "full-224-b32-folded": network({ ...resnet18, size: 224, batch: 32, batchNorm: "folded" }),
  "full-224-b32-batch": network({ ...resnet18, size: 224, batch: 32, batchNorm: "batch" }),
  "full-64-b64-folded": network({ ...resnet18, size: 64, batch: 64, batchNorm: "folded" }, 5),
  "full-64-b64-batch": network({ ...resnet18, size: 64, batch: 64, batchNorm: "batch" }, 5),
  "inference-224-b1": network({ ...inference, batch: 1 }, 10),
  "inference-224-b32": network({ ...inference, batch: 32 }),
  "int8-224-b1": network({ ...inference, work: "int8", batch: 1 }, 10),
  "int8-224-b32": network({ ...inference, work: "int8", batch: 32 }),
  "inference-convnet-32-b64": { ...network({ ...convnet, work: "inference", batchNorm: "folded" }, 10), tfjs: true },
  "cifar-convnet-32-b64": network({ ...convnet, work: "step" }, 20),
  "resnet50-224-b8-folded": network({ ...resnet50, batchNorm: "folded" }),
  "resnet50-224-b8-batch": network({ ...resnet50, batchNorm: "batch" }),
  "resnext50-224-b8-folded": network({ ...resnext50, batchNorm: "folded" }),
  "resnext50-224-b8-batch": network({ ...resnext50, batchNorm: "batch" }),
  "mobilenet-v2-224-b8": network({ ...mobilenet, batchNorm: "batch" }, 3),
  "mobilenet-v2-224-b8-folded": network({ ...mobilenet, batchNorm: "folded" }, 3),
  "transfer-224-b8": { ...network({ ...mobilenet, work: "transfer", batchNorm: "folded" }, 5), tfjs: true },
  "last-stage-224-b16": network({ ...resnet18, work: "last-stage", size: 224, batch: 16, batchNorm: "folded" }, 5),
  "head-512-b256": { ...network(head, 200), tfjs: true },
  "first-label": photos("first-label", ["data/photos/images"], { unit: "starts/s", items: 1 }),
  "label-666": photos("label", ["data/hymenoptera", "data/photos/images"], { unit: "img/s", items: 666 }),
  "frozen-10-epochs": photos("frozen", ["data/hymenoptera"], { unit: "epochs/s", items: 10 }),
};

/** What the work needs of `../shared/` and is not here. */
export function missing({ needs }: BenchCase): readonly string[] {
  return needs.filter((path) => shared(path) === undefined);
}
