import { openHeatMaps, openTagger, pixelsOf } from "../../../toolkit/web.ts";
import type { HeatMaps, PhotoDecoder, Pixels, Runtime, SourceModel, Tagger } from "../../../toolkit/web.ts";
import { evaluationView } from "../../../toolkit/web.ts";
import type { Ask, Seen } from "../calls.ts";

/** A trained network that looks at one picture after the other. */
export interface Eyes {
  look(ask: Ask<"look">): Promise<Seen>;
  readonly tagger: () => Promise<Tagger>;
  close(): Promise<void>;
}

/** What it needs is loaded when it is first asked for. */
export function openEyes(source: SourceModel, runtime: Runtime, decoder: PhotoDecoder): Eyes {
  let tagger: Promise<Tagger> | undefined;
  let heatMaps: Promise<HeatMaps | undefined> | undefined;
  const taggerNow = (): Promise<Tagger> => (tagger ??= openTagger({ source, runtime, decoder }));
  // a network without convolutions has no map to look at
  const heatMapsNow = (): Promise<HeatMaps | undefined> =>
    (heatMaps ??= openHeatMaps({ source, runtime }).catch(() => undefined));

  return {
    tagger: taggerNow,
    async look({ photo, withHeat, of }) {
      const began = performance.now();
      const own = await taggerNow();
      const { labels, metadata } = own;
      const { sizePx, resizePx } = metadata.preprocessing;
      const picture = await pictureOf(photo, decoder, resizePx);
      const { probabilities } = await own.predict([evaluationView(picture, sizePx, resizePx)]);
      const weighed = labels
        .map((label, i) => ({ label, weight: probabilities[0]?.[i] ?? 0 }))
        .toSorted((a, b) => b.weight - a.weight);
      const asked = of ?? weighed[0]?.label;
      const heat = withHeat && asked !== undefined ? await (await heatMapsNow())?.of(picture, asked) : undefined;
      return {
        labels: weighed,
        share: sizePx / resizePx,
        milliseconds: performance.now() - began,
        ...(heat ? { heat: { rows: heat.rows, columns: heat.columns, values: heat.heat } } : {}),
      };
    },
    async close() {
      await (await tagger?.catch(() => undefined))?.close();
      await (await heatMaps)?.close();
    },
  };
}

async function pictureOf(photo: Blob | ImageBitmap, decoder: PhotoDecoder, minSidePx: number): Promise<Pixels> {
  if (photo instanceof Blob) return decoder.decode(new Uint8Array(await photo.arrayBuffer()), { minSidePx });
  try {
    return pixelsOf(photo);
  } finally {
    photo.close();
  }
}
