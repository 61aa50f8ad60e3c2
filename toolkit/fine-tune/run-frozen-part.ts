import { sha256 } from "../data/sha256.ts";
import { bytesPerElement, sizeOf } from "../graph/tensor.ts";
import { pixelInput } from "../passes/pixel-input.ts";
import type { ActivationJob, Activations } from "./activations.ts";
import { computeActivations } from "./activations.ts";
import type { Context } from "./context.ts";
import type { FineTuneEvent } from "./events.ts";
import type { Session } from "../runtime/runtime.ts";
import { frozenGraph } from "./head-stage.ts";
import type { ActivationStore, ActivationStoreOptions } from "./platform.ts";
import type { CacheType } from "./settings.ts";
import { encodeGraph } from "../train/encode-graph.ts";
import type { Student } from "./student.ts";

/** Where a network is cut, and how what is made there is kept. */
export interface FrozenPart {
  readonly value: string;
  /** Its extents for one photo. */
  readonly shape: readonly number[];
  /** How rows of training photos are kept; those of validation photos are float32. */
  readonly type: CacheType;
  readonly inMemory: boolean;
  /** Opens what is kept on disk; absent: nothing is. */
  readonly open?: ((options: Omit<ActivationStoreOptions, "maxBytes">) => Promise<ActivationStore>) | undefined;
}

export interface FrozenRun {
  readonly train: Activations;
  readonly validation: Activations;
  readonly release: () => Promise<void>;
}

/** Runs the frozen part of a network once on every view of the photos; nothing where the run is aborted meanwhile. */
export async function* runFrozenPart(
  student: Student,
  part: FrozenPart,
  context: Context,
): AsyncGenerator<FineTuneEvent, FrozenRun | undefined> {
  const { options, settings, photos } = context;
  const { platform, dataset } = options;
  const { threads, views } = settings;
  const model = encodeGraph(pixelInput(frozenGraph(student, part.value), context.normalisation, student.operators));
  const stores = new Map<string, ActivationStore>();
  const release = async (): Promise<void> => {
    for (const store of stores.values()) await store.close();
  };
  let loading: Promise<Session> | undefined;
  const session = (): Promise<Session> => {
    loading ??= platform.runtime.load(model, { sharesCores: true, ...(threads === undefined ? {} : { threads }) });
    // whoever waits for it is told
    loading.catch(() => {});
    return loading;
  };
  let run: FrozenRun | undefined;
  try {
    const jobs = await jobsOf(part, { ...context, stores, session, digest: await sha256(model) });
    const total = dataset.train.length * views + dataset.validation.length;
    const made: Activations[] = [];
    let [done, known] = [0, 0];
    for (const job of jobs) {
      const computing = computeActivations(job, photos, platform);
      const before = { done, known };
      let item = await computing.next();
      for (; !item.done; item = await computing.next()) {
        if (options.signal?.aborted) return undefined;
        [done, known] = [before.done + item.value.done, before.known + item.value.known];
        yield { kind: "features", done, total, known };
      }
      made.push(item.value);
    }
    const [train, validation] = made as [Activations, Activations];
    run = { train, validation, release };
    return run;
  } finally {
    await loading?.then(
      (loaded) => loaded.release(),
      () => {},
    );
    if (!run || part.inMemory) await release();
  }
}

interface Opening extends Context {
  readonly stores: Map<string, ActivationStore>;
  readonly session: ActivationJob["session"];
  /** Of the frozen part. */
  readonly digest: string;
}

/** What is to be computed for the training and for the validation photos. */
async function jobsOf(part: FrozenPart, opening: Opening): Promise<readonly ActivationJob[]> {
  const { settings, options, session, digest, stores } = opening;
  const { value, shape, inMemory, type } = part;
  const { train, validation } = options.dataset;
  const parts = [
    { samples: train, views: settings.views, type },
    { samples: validation, views: 1, type: "float32" },
  ] as const;
  const jobs: ActivationJob[] = [];
  for (const { samples, views, type: own } of parts) {
    const recordBytes = sizeOf(shape) * bytesPerElement(own);
    const signature = signatureOf(digest, own, views, opening);
    const neededBytes = parts
      .filter((p) => signatureOf(digest, p.type, p.views, opening) === signature)
      .reduce((sum, p) => sum + p.samples.length * p.views * recordBytes, 0);
    const store = stores.get(signature) ?? (await part.open?.({ signature, recordBytes, neededBytes }));
    if (store) stores.set(signature, store);
    jobs.push({ session, value, shape, samples, views, type: own, inMemory, store });
  }
  return jobs;
}

/** Activations depend on the frozen part's bytes, on how a photo becomes its input, and on how views are drawn. */
function signatureOf(digest: string, type: CacheType, views: number, { settings, normalisation }: Context): string {
  const { sizePx, resizePx, seed, cropScale, augmentation } = settings;
  const plain = [digest, sizePx, resizePx, normalisation.mean, normalisation.std];
  const drawn = views > 1 ? [{ seed, cropScale, ...(augmentation ? { augmentation } : {}) }] : [];
  return JSON.stringify([...plain, ...drawn, ...(type === "float32" ? [] : [type])]);
}
