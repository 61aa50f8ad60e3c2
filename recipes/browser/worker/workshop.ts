import { bundled } from "../../../models/cards/bundled.ts";
import {
  chooseDevice,
  encodeModel,
  findHead,
  GraphBuilder,
  naturalSize,
  normalise,
  openModel,
  operators,
  readMetadata,
  ToolkitError,
} from "../../../toolkit/web.ts";
import type { ChosenDevice, Runtime, SourceModel } from "../../../toolkit/web.ts";
import type { Answer, Ask, CallName, Device, Network, NewsOf } from "../calls.ts";
import { openEyes } from "./eyes.ts";
import type { Eyes } from "./eyes.ts";
import { openShelf } from "./photo-shelf.ts";
import { teach } from "./teach.ts";

export type Handler<K extends CallName> = (ask: Ask<K>, tell: (news: NewsOf<K>) => void) => Promise<Answer<K>>;
export type Handlers<K extends CallName> = { readonly [Name in K]: Handler<Name> };

/** The network that was trained here, or that somebody brought along trained, ready to look at photos. */
export interface Graduate {
  readonly bytes: Uint8Array;
  readonly source: SourceModel;
  readonly eyes: Eyes;
}

export interface Workshop {
  readonly calls: Handlers<"start" | "useNetwork" | "addPhoto" | "removePhotos" | "train" | "stop" | "look" | "file">;
  /** @throws E_SETTING where nothing was trained yet */
  readonly graduate: () => Graduate;
}

const BUNDLED = new URL("../../../models/bundled/resnet18-tiny-imagenet.onnx", import.meta.url);

/** What the page's worker holds: the device, the network that lessons start from, the photos, and the network that has learnt. */
export function openWorkshop(): Workshop {
  const shelf = openShelf();
  const signal = { stopped: false };
  let runtime: Promise<Runtime> | undefined;
  let source: SourceModel | undefined;
  let graduate: Graduate | undefined;

  const device = async (): Promise<Runtime> => {
    if (runtime) return runtime;
    throw new ToolkitError("E_SETTING", "Cannot compute: no device was chosen yet");
  };
  const base = async (): Promise<SourceModel> => {
    source ??= await openBundled();
    return source;
  };
  const graduateOf = async (bytes: Uint8Array, name: string): Promise<Graduate> => {
    const own = await openModel(bytes, { name });
    const before = graduate;
    graduate = { bytes, source: own, eyes: openEyes(own, await device(), shelf.decoder) };
    await before?.eyes.close();
    return graduate;
  };

  const graduated = (): Graduate => {
    if (graduate) return graduate;
    throw new ToolkitError("E_SETTING", "Cannot look at photos: no network was trained yet");
  };

  return {
    graduate: graduated,
    calls: {
      async start({ device: wish, files }) {
        const choosing = chooseDevice({ device: wish, files, now: () => performance.now() });
        runtime = choosing.then((chosen) => chosen.runtime);
        const chosen = await choosing;
        await warmUp(chosen.runtime);
        return describeDevice(chosen);
      },
      async useNetwork({ file }) {
        const opened = file ? await openModel(file) : await openBundled();
        const network = describe(opened);
        source = opened;
        if (file && network.classes) await graduateOf(new Uint8Array(await file.arrayBuffer()), file.name);
        return network;
      },
      async addPhoto({ file, name }) {
        // as training decodes it
        const resizePx = Math.round((naturalSize(await base()) * 256) / 224);
        return shelf.add(file, name, resizePx);
      },
      async removePhotos({ names }) {
        shelf.remove(names);
      },
      async train(lesson, tell) {
        signal.stopped = false;
        const learnt = await teach({ lesson, source: await base(), runtime: await device(), shelf, signal, tell });
        if (!learnt)
          throw new ToolkitError("E_STOPPED", "Cannot show a result: stopped before the first round had ended");
        await graduateOf(learnt.model, "model.onnx");
        return learnt.taught;
      },
      async stop() {
        signal.stopped = true;
      },
      look: async (ask) => graduated().eyes.look(ask),
      file: async () => new Blob([graduated().bytes as Uint8Array<ArrayBuffer>], { type: "application/octet-stream" }),
    },
  };
}

/** Loads what a runtime consists of now, so that nothing needs a network later. */
async function warmUp(runtime: Runtime): Promise<void> {
  const b = new GraphBuilder(operators);
  const graph = b.build([b.op("Relu", [b.input("x", "float32", [1])])]);
  const session = await runtime.load(encodeModel({ graph, opsets: new Map([["", 17]]), metadata: new Map() }));
  await session.release();
}

function describeDevice({ provider, card, why, factor }: ChosenDevice): Device {
  const threads = self.crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency) : 1;
  const name = card ?? (threads === 1 ? "1 thread" : `${threads} threads`);
  return { provider, name, ...(why === undefined ? {} : { why }), ...(factor === undefined ? {} : { factor }) };
}

/** The network that comes with the page. */
function openBundled(): Promise<SourceModel> {
  const { name, licence, mean, std, sizePx, sha256: expectedSha256 } = bundled;
  return openModel(BUNDLED, { name, licence, mean, std, sizePx, expectedSha256 });
}

/** @throws E_NO_HEAD, E_MODEL_* where it is no classifier of pictures */
function describe(source: SourceModel): Network {
  const own = readMetadata(source.model, source.name);
  if (!own) findHead(normalise(source.model, source).graph);
  const numbers = [...source.model.graph.constants.values()]
    .filter(({ dtype }) => dtype.startsWith("float"))
    .reduce((sum, { data }) => sum + data.length, 0);
  return {
    name: source.name,
    sizePx: naturalSize(source),
    millions: numbers / 1e6,
    ...(own && own.labels.length > 0 ? { classes: own.labels } : {}),
  };
}
