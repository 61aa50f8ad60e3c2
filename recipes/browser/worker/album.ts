import { evaluationView, openIndex, pageDecoder, resample, sha256, shorterSideSize } from "../../../toolkit/web.ts";
import type { Hit, LabelIndex, Pixels } from "../../../toolkit/web.ts";
import type { Album, Found, Progress } from "../calls.ts";
import { thumbOf } from "./photo-shelf.ts";
import { openThumbs } from "./thumbs.ts";
import type { Handlers, Workshop } from "./workshop.ts";

const INDEX = "onnx-graft-album";
const THUMB_PX = 160;
/** Photos that are shown at most. */
const SHOWN = 60;
/** Weights below this are left out. */
const LEAST = 0.001;

/** The photos that the page has labelled, from one visit to the next: their labels, and small pictures. The photos themselves stay where they are. */
export function openAlbum(
  workshop: Pick<Workshop, "graduate">,
): Handlers<"keep" | "album" | "search" | "alike" | "forget"> {
  let opening: Promise<LabelIndex> | undefined;
  const index = (): Promise<LabelIndex> => (opening ??= openIndex(INDEX));
  const thumbs = openThumbs("onnx-graft-thumbs");
  const shown = async (hits: readonly Hit[]): Promise<readonly Found[]> =>
    Promise.all(
      hits.map(async ({ paths, labels, score, imageId }) => {
        const thumb = await thumbs.get(String(imageId));
        return { name: paths[0] ?? "", labels, score, ...(thumb ? { thumb } : {}) };
      }),
    );
  return {
    async keep({ files }, tell) {
      const failed = await label(files, { workshop, index: await index(), thumbs, tell });
      return { failed };
    },
    async album(): Promise<Album> {
      const own = await index();
      return { photos: (await own.stats()).photos, labels: await own.labels() };
    },
    search: async ({ query }) => shown(await (await index()).search(query, { limit: SHOWN, minWeight: 0.2 })),
    alike: async ({ name }) => shown(await (await index()).similar(name, { limit: SHOWN })),
    async forget() {
      await (await index()).close();
      opening = undefined;
      await thumbs.clear();
      await new Promise<void>((resolve, reject) => {
        const request = indexedDB.deleteDatabase(INDEX);
        request.addEventListener("success", () => resolve());
        request.addEventListener("error", () => reject(request.error ?? new Error("the database cannot be deleted")));
      });
    },
  };
}

interface Labelling {
  readonly workshop: Pick<Workshop, "graduate">;
  readonly index: LabelIndex;
  readonly thumbs: ReturnType<typeof openThumbs>;
  readonly tell: (news: Progress) => void;
}

/** Labels photos and puts them into the index; returns the names of those that cannot be read. */
async function label(files: readonly File[], { workshop, index, thumbs, tell }: Labelling): Promise<readonly string[]> {
  const { eyes, source } = workshop.graduate();
  const tagger = await eyes.tagger();
  const { resizePx, sizePx } = tagger.metadata.preprocessing;
  const decoder = pageDecoder({ keptBytes: 0 });
  const failed: string[] = [];
  await index.addLabels(tagger.labels);
  for (const [i, file] of files.entries()) {
    tell({ done: i, total: files.length });
    try {
      const bytes = new Uint8Array(await file.arrayBuffer());
      const pixels = await decoder.decode(bytes, { minSidePx: Math.max(resizePx, THUMB_PX), name: file.name });
      const digest = await sha256(bytes);
      const { probabilities, features } = await tagger.predict([evaluationView(pixels, sizePx, resizePx)]);
      const labels = tagger.labels.map((name, k) => ({ label: name, weight: probabilities[0]?.[k] ?? 0 }));
      await index.add([
        {
          path: file.webkitRelativePath || file.name,
          sha256: digest,
          size: file.size,
          mtime: file.lastModified,
          labels: labels.filter(({ weight }) => weight >= LEAST),
          ...(features[0] ? { features: features[0] } : {}),
          model: { sha256: source.sha256, name: source.name },
          labelledAt: Math.floor(performance.timeOrigin + performance.now()),
        },
      ]);
      await thumbs.put(imageIdOf(digest), await thumbOf(reduced(pixels)));
    } catch (error) {
      if (!String((error as { code?: unknown }).code).startsWith("E_IMAGE_")) throw error;
      failed.push(file.name);
    }
  }
  tell({ done: files.length, total: files.length });
  return failed;
}

/** Made small for a list of photos. */
function reduced(pixels: Pixels): Pixels {
  return Math.min(pixels.width, pixels.height) <= THUMB_PX
    ? pixels
    : resample(pixels, shorterSideSize(pixels, THUMB_PX));
}

/** What an index calls a photo of this digest. */
function imageIdOf(digest: string): string {
  return String(BigInt(`0x${digest.slice(0, 16)}`) >> 1n);
}
