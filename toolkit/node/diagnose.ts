import { rmSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readDataset } from "../data/dataset.ts";
import type { Dataset } from "../data/dataset.ts";
import { photoDecoder } from "../data/photo-decoder.ts";
import type { FetchFile } from "../data/sources/source-options.ts";
import type { SourceModel } from "../export/source-model.ts";
import { diagnose as diagnoseOn } from "../fine-tune/diagnose.ts";
import type { DiagnoseOptions as DiagnoseSourceOptions, Diagnosis } from "../fine-tune/diagnosis.ts";
import { chooseDevice } from "./choose-device.ts";
import type { ChosenDevice } from "./choose-device.ts";
import type { Device } from "../runtime/device.ts";
import type { Placements } from "../runtime/placements.ts";
import type { Provider } from "../runtime/runtime.ts";
import { openModel } from "./open-model.ts";
import { placementsOf } from "./probe-device.ts";

export interface DiagnoseOptions extends Omit<DiagnoseSourceOptions, "source" | "platform" | "dataset" | "placements"> {
  /** Photos to try the model on, a folder per class; made-up pictures where absent. */
  readonly data?: string | Dataset;
  /** Gets the photos that a table has as addresses; these are refused where absent. */
  readonly fetchFile?: FetchFile;
  /** Where to compute; "auto" where absent. */
  readonly device?: Device | ChosenDevice;
}

/**
 * Looks at a model before anybody trains it: head, operators, BatchNorm, gradients by finite differences, where the loss starts, and one batch learnt by heart.
 * Faults of the model are checks that failed; read them with `for await`.
 * @throws E_MODEL_*, E_DATA_*, E_DEVICE
 */
export async function* diagnose(
  model?: string | SourceModel,
  { data, fetchFile, device, ...options }: DiagnoseOptions = {},
): AsyncGenerator<Diagnosis, void> {
  const source = typeof model === "object" ? model : await openModel(model);
  const { signal } = options;
  const { runtime, provider } = await chooseDevice({
    ...(device === undefined ? {} : { device }),
    ...(signal ? { signal } : {}),
  });
  const reading = { seed: options.seed ?? 0, ...(fetchFile ? { fetchFile } : {}) };
  const dataset = typeof data === "string" ? await readDataset(data, reading) : data;
  const decoder = photoDecoder();
  try {
    yield* diagnoseOn({
      ...options,
      source,
      platform: { runtime, decoder },
      ...(dataset ? { dataset } : {}),
      // the CPU has all there are
      ...(provider === "cpu" ? {} : { placements: (bytes) => placementsIn(bytes, provider, signal) }),
    });
  } finally {
    await decoder.close();
  }
}

/** Longest time in which a device loads a training step. */
const LOAD_SECONDS = 180;

async function placementsIn(model: Uint8Array, device: Provider, signal?: AbortSignal): Promise<Placements> {
  const folder = await mkdtemp(join(tmpdir(), "onnx-graft-step-"));
  // whoever stops it may not wait for what comes behind
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  signal?.addEventListener("abort", remove, { once: true });
  try {
    const path = join(folder, "step.onnx");
    await writeFile(path, model);
    return await placementsOf({ device, model: path }, { limitSeconds: LOAD_SECONDS, ...(signal ? { signal } : {}) });
  } finally {
    signal?.removeEventListener("abort", remove);
    remove();
  }
}
