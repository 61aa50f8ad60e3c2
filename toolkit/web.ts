/** The toolkit in a browser: the public API with the page's files, decoder, onnxruntime-web and IndexedDB handed in. Call it in a worker: computing blocks the thread. */
import { fineTune as fineTuneOn } from "./fine-tune/fine-tune.ts";
import type { FineTuneOptions as FineTuneOnOptions, FineTuneRun } from "./fine-tune/fine-tune.ts";
import type { SourceModel } from "./export/source-model.ts";
import { openTagger as openTaggerOn } from "./label/tagger.ts";
import type { Tagger, TaggerOptions } from "./label/tagger.ts";
import { indexOn } from "./search/label-index.ts";
import type { IndexOptions, LabelIndex } from "./search/label-index.ts";
import { indexedDbStore } from "./search/stores/indexeddb.ts";
import type { Store } from "./search/store.ts";
import { labelledPhotos } from "./web/labelled-photos.ts";
import type { PhotoClass } from "./web/labelled-photos.ts";
import { pageDecoder } from "./web/page-decoder.ts";
import { webPlatform } from "./web/web-platform.ts";
import type { WebPlatformOptions } from "./web/web-platform.ts";

export * from "./index.ts";
export { webRuntime, webRuntimes } from "./runtime/web.ts";
export type { WebProvider, WebRuntimeOptions } from "./runtime/web.ts";
export { naturalSize } from "./export/source-model.ts";
export { evaluationView, resample, shorterSideSize } from "./images/resample.ts";
export { openHeatMaps } from "./label/heat-maps.ts";
export type { HeatMap, HeatMapOptions, HeatMaps } from "./label/heat-maps.ts";
export { indexedDbStore } from "./search/stores/indexeddb.ts";
export { chooseDevice } from "./web/choose-device.ts";
export type { ChooseDeviceOptions, ChosenDevice } from "./web/choose-device.ts";
export { featureDatabase, featureMemory } from "./web/feature-database.ts";
export { labelledPhotos } from "./web/labelled-photos.ts";
export type { PhotoClass } from "./web/labelled-photos.ts";
export { openModel } from "./web/open-model.ts";
export type { OpenModelOptions } from "./web/open-model.ts";
export { pageDecoder, pixelsOf, rgbOf } from "./web/page-decoder.ts";
export type { PageDecoderOptions } from "./web/page-decoder.ts";
export { sha256 } from "./data/sha256.ts";
export { webPlatform } from "./web/web-platform.ts";
export type { WebPlatformOptions } from "./web/web-platform.ts";
export type { Platform } from "./fine-tune/platform.ts";
export type { Dataset } from "./data/dataset.ts";
export type { Crop, PhotoDecoder, View, Viewer } from "./data/view.ts";
export type { Pixels } from "./images/decoder.ts";
export { VERSION } from "./version.ts";

export interface FineTuneOptions
  extends Omit<FineTuneOnOptions, "source" | "dataset" | "platform" | "resume" | "forceResume">, WebPlatformOptions {
  readonly model: SourceModel;
  /** Photos in classes, which are divided by seed; or a data set. */
  readonly data: readonly PhotoClass[] | FineTuneOnOptions["dataset"];
  readonly validationShare?: number;
}

/**
 * Fine-tunes a pretrained network on the photos of a page: grafts a new head, trains, exports and checks the export. Nothing leaves the page.
 * Read its events with `for await`, or wait for its `result`, whose `model` is the file to download.
 * @throws E_DATA_*, E_MODEL_*, E_NO_HEAD, E_SETTING
 */
export function fineTune(options: FineTuneOptions): FineTuneRun {
  const { model, data, validationShare, runtime, photos, decoder, featureStore, now, ...settings } = options;
  const split = { seed: settings.seed ?? 0, ...(validationShare === undefined ? {} : { validationShare }) };
  const given = { photos, decoder, featureStore, now };
  return fineTuneOn({
    ...settings,
    source: model,
    dataset: "classes" in data ? data : labelledPhotos(data, split),
    platform: webPlatform({ runtime, ...present(given) }),
  });
}

/**
 * Opens a model for labelling photos, given as bytes or by the names under which `photos` has them.
 * @throws E_MODEL_METADATA, E_NO_HEAD
 */
export function openTagger(
  options: Omit<TaggerOptions, "decoder"> & Pick<WebPlatformOptions, "photos" | "decoder">,
): Promise<Tagger> {
  const { photos, decoder = pageDecoder(photos ? { photos } : {}), ...others } = options;
  return openTaggerOn({ ...others, decoder });
}

/**
 * Opens an index in the browser's IndexedDB, which is made where there is none, or on a store.
 * @throws E_STORE where the browser refuses it, as in some private windows, or has no room left
 */
export async function openIndex(nameOrStore: string | Store, options: IndexOptions = {}): Promise<LabelIndex> {
  return indexOn(typeof nameOrStore === "string" ? await indexedDbStore(nameOrStore) : nameOrStore, options);
}

/** A record without the entries that nobody gave. */
function present<T extends object>(record: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
