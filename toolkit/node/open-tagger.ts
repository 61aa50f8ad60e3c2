import { photoDecoder } from "../data/photo-decoder.ts";
import type { PhotoDecoderOptions } from "../data/photo-decoder.ts";
import type { PhotoDecoder } from "../data/view.ts";
import type { SourceModel } from "../export/source-model.ts";
import { openTagger as openTaggerOn } from "../label/tagger.ts";
import type { Tagger } from "../label/tagger.ts";
import type { TestTimeViews } from "../label/test-time-views.ts";
import type { Device } from "../runtime/device.ts";
import { chooseDevice } from "./choose-device.ts";
import type { ChosenDevice } from "./choose-device.ts";
import { openModel } from "./open-model.ts";
import type { OpenModelOptions } from "./open-model.ts";

export interface OpenTaggerOptions extends OpenModelOptions {
  /** What decodes the photos, left open; processes of the tagger's own where absent. */
  readonly decoder?: PhotoDecoder;
  readonly decodeProcesses?: number;
  /** Where to compute; "auto" where absent. */
  readonly device?: Device | ChosenDevice;
  readonly threads?: number;
  readonly batchSize?: number;
  /** How often each photo is seen, at as many times the work, and the answers averaged: "flip", "five", "ten", or a number; 1. */
  readonly views?: TestTimeViews;
}

/**
 * Opens a model for labelling photos, by its path, its card's name, or as an opened model.
 * @throws E_MODEL_*, E_NO_HEAD, E_DEVICE
 */
export async function openTagger(model?: string | SourceModel, options: OpenTaggerOptions = {}): Promise<Tagger> {
  const { decoder, decodeProcesses: processes, threads, batchSize, views, device, ...about } = options;
  if (!decoder) return openOwnTagger(model, options, processes === undefined ? {} : { processes });
  const source = typeof model === "object" ? model : await openModel(model, about);
  const { cacheFolder, signal } = options;
  const place = { ...(cacheFolder === undefined ? {} : { cacheFolder }), ...(signal ? { signal } : {}) };
  const { runtime } = await chooseDevice({ ...place, ...(device === undefined ? {} : { device }) });
  return openTaggerOn({
    source,
    runtime,
    decoder,
    ...(threads === undefined ? {} : { threads }),
    ...(batchSize === undefined ? {} : { batchSize }),
    ...(views === undefined ? {} : { views }),
  });
}

/** A tagger whose decoder is closed with it. */
async function openOwnTagger(
  model: string | SourceModel | undefined,
  options: OpenTaggerOptions,
  decoding: PhotoDecoderOptions,
): Promise<Tagger> {
  // its process starts while the model is read
  const decoder = photoDecoder(decoding);
  try {
    const tagger = await openTagger(model, { ...options, decoder });
    const close = async (): Promise<void> => {
      await tagger.close();
      await decoder.close();
    };
    return { ...tagger, close };
  } catch (error) {
    await decoder.close();
    throw error;
  }
}
