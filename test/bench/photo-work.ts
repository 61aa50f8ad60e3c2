import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fineTune, listPhotos, openIndex, openModel, openTagger, tagPhotos } from "../../toolkit/node.ts";
import type { PhotoRequest } from "./cases.ts";
import type { Work } from "./work.ts";

/** As peers/photos.py. Optimizer, rate and batch are what decides the work of an epoch beside the backbone. */
const FROZEN = {
  mode: "frozen",
  batchSize: 16,
  optimizer: "sgd",
  momentum: 0.9,
  rate: 1e-3,
  sizePx: 224,
  resizePx: 256,
} as const;

/** The same work on photos as peers/photos.py does. */
export async function openPhotoWork(request: PhotoRequest): Promise<Work> {
  // nothing that an earlier run left may help a later one: each writes into a folder of its own
  const folder = await mkdtemp(join(tmpdir(), "onnx-graft-bench-"));
  const work = { frozen: frozenWork, label: labelWork, "first-label": firstLabelWork }[request.work];
  const opened = await work(request, folder);
  return {
    run: (times) => opened.run(times),
    async close() {
      await opened.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** A new head on cached features, from decoding to the exported model. */
async function frozenWork({ data, model, epochs }: PhotoRequest, folder: string): Promise<Work> {
  const [photos = ""] = data;
  return {
    async run() {
      const at = await mkdtemp(join(folder, "run-"));
      const run = await fineTune({
        ...FROZEN,
        epochs,
        model,
        data: photos,
        out: join(at, "out"),
        cacheFolder: join(at, "cache"),
      });
      await run.result;
    },
    close: () => Promise.resolve(),
  };
}

/** All photos into a new index. */
async function labelWork({ data, model }: PhotoRequest, folder: string): Promise<Work> {
  const source = await openModel(model);
  const tagger = await openTagger(source);
  const { photos } = await listPhotos(data);
  return {
    async run() {
      const index = await openIndex(join(await mkdtemp(join(folder, "run-")), "index.db"));
      try {
        const options = { tagger, index, model: { sha256: source.sha256, name: source.name } };
        for await (const { file, status } of tagPhotos(photos, options)) {
          if (status !== "labelled") throw new Error(`Cannot measure: "${file}" is ${status}, expected labelled`);
        }
      } finally {
        await index.close();
      }
    },
    close: () => tagger.close(),
  };
}

async function firstLabelWork({ data, model }: PhotoRequest): Promise<Work> {
  const [photo = ""] = (await listPhotos(data)).photos;
  const tagger = await openTagger(model);
  return {
    run: async () => void (await tagger.label(photo)),
    close: () => tagger.close(),
  };
}
