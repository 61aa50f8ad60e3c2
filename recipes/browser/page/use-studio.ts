import { useEffect, useMemo, useReducer, useRef } from "preact/hooks";
import type { Depth, DeviceWish, Lesson } from "../calls.ts";
import type { AskWorker } from "./ask-worker.ts";
import { byFolder, isNetwork } from "./dropped-files.ts";
import type { Placed } from "./dropped-files.ts";
import { sketches } from "./sketches.ts";
import { type Action, reduce, START, type State } from "./state.ts";
import { fileWords, words } from "./words.ts";

/** What somebody can do on the page. */
export interface Studio {
  readonly ask: AskWorker;
  readonly tell: (action: Action) => void;
  /** Says what went wrong. */
  readonly say: (error: unknown) => void;
  useDevice(wish: DeviceWish): Promise<void>;
  useNetwork(file?: File): Promise<void>;
  addPhotos(id: number, files: readonly Blob[]): Promise<void>;
  /** Folders become classes; a network becomes the one that lessons start from. */
  addAnything(placed: readonly Placed[]): Promise<void>;
  removePhoto(id: number, name: string): void;
  removeClass(id: number): void;
  addSketches(): Promise<void>;
  train(): Promise<void>;
  stop(): void;
  readAlbum(): Promise<void>;
}

/** Photos that are read in at the same time. */
const AT_ONCE = 3;
const SKETCHES = 24;

/** The state of the page, and what changes it. */
export function useStudio(ask: AskWorker, files: string): readonly [State, Studio] {
  const [state, tell] = useReducer(reduce, START);
  const latest = useRef(state);
  latest.current = state;
  const studio = useMemo(() => studioOf(ask, files, tell, () => latest.current), [ask, files]);
  useEffect(() => {
    void studio.useDevice(wishOf(location.search)).then(() => studio.useNetwork());
    void studio.readAlbum();
  }, [studio]);
  return [state, studio];
}

function wishOf(query: string): DeviceWish {
  const wish = new URLSearchParams(query).get("device");
  return wish === "webgpu" || wish === "wasm" ? wish : "auto";
}

function studioOf(ask: AskWorker, files: string, tell: (action: Action) => void, now: () => State): Studio {
  const say = (error: unknown): void => tell({ kind: "said", message: { kind: "trouble", ...words(error) } });
  const saying = <T>(work: Promise<T>): Promise<T | undefined> =>
    work.catch((error: unknown) => {
      say(error);
      return undefined;
    });
  const examples = examplesOf(ask, tell, now);
  return {
    ask,
    tell,
    say,
    ...examples,
    async useDevice(wish) {
      tell({ kind: "wish", wish });
      const device = await saying(ask("start", { device: wish, files }));
      if (device) tell({ kind: "device", device });
    },
    async useNetwork(file) {
      const network = await saying(ask("useNetwork", file ? { file } : {}));
      if (network) tell({ kind: "network", network });
    },
    async addAnything(placed) {
      const network = placed.find(({ file }) => isNetwork(file));
      if (network) await this.useNetwork(network.file);
      await examples.addFolders(byFolder(placed));
    },
    async addSketches() {
      await examples.addFolders(await sketches(SKETCHES));
    },
    async train() {
      const { classes, depth, rounds } = now();
      tell({ kind: "training" });
      const lesson = lessonOf(classes, depth, rounds[depth]);
      try {
        const taught = await ask("train", lesson, (news) => tell({ kind: "news", news }));
        tell({ kind: "taught", taught });
      } catch (error) {
        tell({ kind: "training-failed" });
        say(error);
      }
    },
    stop() {
      tell({ kind: "stopping" });
      void saying(ask("stop", {}));
    },
    async readAlbum() {
      const album = await saying(ask("album", {}));
      if (album) tell({ kind: "album", album });
    },
  };
}

interface Examples extends Pick<Studio, "addPhotos" | "removePhoto" | "removeClass"> {
  addFolders(folders: ReadonlyMap<string, readonly File[]>): Promise<void>;
}

function examplesOf(ask: AskWorker, tell: (action: Action) => void, now: () => State): Examples {
  const removed = (names: readonly string[]): void => void ask("removePhotos", { names });
  const addOne = async (id: number, file: Blob, number: number): Promise<string | undefined> => {
    const name = file instanceof File ? file.webkitRelativePath || file.name : `camera ${number}.jpg`;
    try {
      const { thumb, ...photo } = await ask("addPhoto", { file, name });
      const own = now().classes.find((c) => c.id === id);
      if (!own || own.photos.some(({ sha256 }) => sha256 === photo.sha256)) {
        removed([photo.name]);
        return own && `${name}: it is in “${own.name}” already`;
      }
      tell({ kind: "photo-added", id, photo: { ...photo, thumb: URL.createObjectURL(thumb) } });
      return undefined;
    } catch (error) {
      return fileWords(name, error);
    } finally {
      tell({ kind: "reading", more: -1 });
    }
  };
  const addPhotos = async (id: number, files: readonly Blob[]): Promise<void> => {
    tell({ kind: "reading", more: files.length });
    const left = [...files.entries()];
    const refused: string[] = [];
    const reader = async (): Promise<void> => {
      for (let item = left.shift(); item; item = left.shift()) {
        const why = await addOne(id, item[1], item[0] + 1);
        if (why !== undefined) refused.push(why);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, reader));
    if (refused.length === 0) return;
    const text = refused.length === 1 ? "One file was left out." : `${refused.length} files were left out.`;
    tell({ kind: "said", message: { kind: "trouble", text, hint: refused.slice(0, 5).join("; ") } });
  };
  return {
    addPhotos,
    async addFolders(folders) {
      const names = [...folders.keys()].filter((name) => name !== "");
      const known = new Set(now().classes.map(({ name }) => name));
      const fresh = names.filter((name) => !known.has(name));
      if (fresh.length > 0) tell({ kind: "class-added", names: fresh });
      // the state is there once it has been drawn
      await new Promise((resolve) => setTimeout(resolve));
      for (const [name, files] of folders) {
        const { classes } = now();
        const own =
          classes.find((c) => c.name === name) ?? classes.find(({ photos }) => photos.length === 0) ?? classes[0];
        if (own) await addPhotos(own.id, files);
      }
    },
    removePhoto(id, name) {
      tell({ kind: "photo-removed", id, name });
      removed([name]);
    },
    removeClass(id) {
      const own = now().classes.find((c) => c.id === id);
      tell({ kind: "class-removed", id });
      removed((own?.photos ?? []).map(({ name }) => name));
    },
  };
}

function lessonOf(classes: State["classes"], depth: Depth, epochs: number): Lesson {
  return {
    classes: classes.map(({ name, photos }) => ({ name: name.trim(), photos: photos.map((p) => p.name).toSorted() })),
    depth,
    epochs,
    seed: 0,
  };
}
