import type { Album, Depth, Device, DeviceWish, Network, News, Taught } from "../calls.ts";

export interface Photo {
  /** What the worker calls it. */
  readonly name: string;
  readonly sha256: string;
  /** Address of its small picture. */
  readonly thumb: string;
}

export interface ClassOf {
  readonly id: number;
  readonly name: string;
  readonly photos: readonly Photo[];
}

/** A round of training: shares of right answers, 0 to 1, and losses. */
export interface Round {
  readonly stage: "head" | "network";
  readonly trainRight: number;
  readonly right: number;
  readonly trainLoss: number;
  readonly loss: number;
}

export interface Training {
  /** What it is doing. */
  readonly doing: string;
  /** 0 to 1; unknown where absent. */
  readonly share?: number;
  readonly rounds: readonly Round[];
  /** Rounds that the stage is to have. */
  readonly of: number;
  readonly isStopping: boolean;
}

export interface Message {
  readonly id: number;
  readonly kind: "trouble" | "note";
  readonly text: string;
  readonly hint?: string;
}

export interface State {
  readonly wish: DeviceWish;
  readonly device?: Device;
  readonly network?: Network;
  readonly classes: readonly ClassOf[];
  /** Photos that are being read in. */
  readonly reading: number;
  readonly depth: Depth;
  readonly rounds: Readonly<Record<Depth, number>>;
  readonly training?: Training;
  /** The rounds of the last training, and what it came to. */
  readonly rounded: readonly Round[];
  readonly taught?: Taught;
  /** The classes of the network that is ready to look at photos, and whether it learnt them here. */
  readonly ready?: { readonly classes: readonly string[]; readonly number: number };
  readonly album?: Album;
  readonly messages: readonly Message[];
  readonly nextId: number;
}

export type Action =
  | { readonly kind: "wish"; readonly wish: DeviceWish }
  | { readonly kind: "device"; readonly device: Device }
  | { readonly kind: "network"; readonly network: Network }
  | { readonly kind: "class-added"; readonly names: readonly string[] }
  | { readonly kind: "class-named"; readonly id: number; readonly name: string }
  | { readonly kind: "class-removed"; readonly id: number }
  | { readonly kind: "reading"; readonly more: number }
  | { readonly kind: "photo-added"; readonly id: number; readonly photo: Photo }
  | { readonly kind: "photo-removed"; readonly id: number; readonly name: string }
  | { readonly kind: "depth"; readonly depth: Depth }
  | { readonly kind: "rounds"; readonly rounds: number }
  | { readonly kind: "training" }
  | { readonly kind: "news"; readonly news: News }
  | { readonly kind: "stopping" }
  | { readonly kind: "taught"; readonly taught: Taught }
  | { readonly kind: "training-failed" }
  | { readonly kind: "album"; readonly album: Album }
  | { readonly kind: "said"; readonly message: Omit<Message, "id"> }
  | { readonly kind: "heard"; readonly id: number };

export const START: State = {
  wish: "auto",
  classes: [
    { id: 0, name: "Class 1", photos: [] },
    { id: 1, name: "Class 2", photos: [] },
  ],
  reading: 0,
  depth: "quick",
  rounds: { quick: 30, staged: 3, full: 5 },
  rounded: [],
  messages: [],
  nextId: 2,
};

/** The state after an action. */
export function reduce(state: State, action: Action): State {
  switch (action.kind) {
    case "wish":
      return { ...state, wish: action.wish };
    case "device":
      return { ...state, device: action.device };
    case "network":
      return withNetwork(state, action.network);
    case "depth":
      return { ...state, depth: action.depth };
    case "rounds":
      return { ...state, rounds: { ...state.rounds, [state.depth]: action.rounds } };
    case "album":
      return { ...state, album: action.album };
    case "said": {
      const message = { ...action.message, id: state.nextId };
      return { ...state, messages: [...state.messages, message], nextId: state.nextId + 1 };
    }
    case "heard":
      return { ...state, messages: state.messages.filter(({ id }) => id !== action.id) };
    default:
      return action.kind.startsWith("class") || action.kind.startsWith("photo") || action.kind === "reading"
        ? withExamples(state, action as ExampleAction)
        : withTraining(state, action as TrainingAction);
  }
}

type ExampleAction = Extract<
  Action,
  { kind: "class-added" | "class-named" | "class-removed" | "reading" | "photo-added" | "photo-removed" }
>;
type TrainingAction = Extract<Action, { kind: "training" | "news" | "stopping" | "taught" | "training-failed" }>;

function withExamples(state: State, action: ExampleAction): State {
  const changed = (id: number, change: (own: ClassOf) => ClassOf): State => ({
    ...state,
    classes: state.classes.map((own) => (own.id === id ? change(own) : own)),
  });
  switch (action.kind) {
    case "class-added": {
      // the two empty ones at the beginning only show what goes where
      const kept = state.classes.filter(({ photos, name }) => photos.length > 0 || !/^Class \d+$/.test(name));
      const before = action.names.length > 1 ? kept : state.classes;
      const added = action.names.map((name, i) => ({ id: state.nextId + i, name, photos: [] }));
      return { ...state, classes: [...before, ...added], nextId: state.nextId + added.length };
    }
    case "class-named":
      return changed(action.id, (own) => ({ ...own, name: action.name }));
    case "class-removed":
      return { ...state, classes: state.classes.filter(({ id }) => id !== action.id) };
    case "reading":
      return { ...state, reading: state.reading + action.more };
    case "photo-added":
      return changed(action.id, (own) => ({ ...own, photos: [...own.photos, action.photo] }));
    case "photo-removed":
      return changed(action.id, (own) => ({ ...own, photos: own.photos.filter(({ name }) => name !== action.name) }));
    default:
      return action satisfies never;
  }
}

function withTraining(state: State, action: TrainingAction): State {
  const { training, taught: _taught, ...rest } = state;
  switch (action.kind) {
    case "training":
      return { ...rest, training: { doing: "Getting ready", rounds: [], of: 1, isStopping: false } };
    case "news":
      return training ? { ...state, training: afterNews(training, action.news) } : state;
    case "stopping":
      return training ? { ...state, training: { ...training, isStopping: true } } : state;
    case "taught": {
      const { taught } = action;
      const ready = { classes: taught.classes, number: state.nextId };
      return { ...rest, rounded: training?.rounds ?? [], taught, ready, nextId: state.nextId + 1 };
    }
    case "training-failed":
      return rest;
    default:
      return action satisfies never;
  }
}

function afterNews(training: Training, news: News): Training {
  const { share: _share, ...rest } = training;
  switch (news.kind) {
    case "features":
      return { ...rest, doing: `Looking at your photos: ${news.done} of ${news.total}`, share: news.done / news.total };
    case "stage":
      return { ...rest, doing: news.name === "head" ? "Learning" : "Learning with all layers", of: news.epochs };
    case "step":
      return {
        ...rest,
        doing: `Learning with all layers: step ${news.done} of ${news.of}`,
        share: news.done / news.of,
      };
    case "epoch": {
      const { stage, trainRight, right, trainLoss, loss, epoch, of } = news;
      const rounds = [...training.rounds, { stage, trainRight, right, trainLoss, loss }];
      const doing = epoch === of ? "Making and checking the file" : `Learning: round ${epoch} of ${of}`;
      return { ...rest, doing, rounds, of, ...(epoch === of ? {} : { share: epoch / of }) };
    }
    case "note":
      return training;
    default:
      return news satisfies never;
  }
}

function withNetwork(state: State, network: Network): State {
  if (!network.classes) return { ...state, network };
  const { taught: _taught, ...rest } = state;
  const ready = { classes: network.classes, number: state.nextId };
  return { ...rest, network, ready, rounded: [], nextId: state.nextId + 1 };
}

/** Fewest photos of a class: one of them is held out. */
const FEWEST = 3;

/** Why training cannot begin, in words; undefined where it can. */
export function whyNot({ classes, reading, training, network }: State): string | undefined {
  if (training) return "It is learning already.";
  if (!network) return "The network is still being loaded.";
  if (reading > 0) return "Your photos are still being read in.";
  if (classes.length < 2) return "It takes two classes to tell things apart: add another one.";
  const names = classes.map(({ name }) => name.trim());
  if (names.includes("")) return "Give every class a name.";
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) return `Two classes are called “${twice}”: give one of them another name.`;
  const short = classes.find(({ photos }) => photos.length < FEWEST);
  if (!short) return undefined;
  const missing = FEWEST - short.photos.length;
  return `Add ${missing} more photo${missing === 1 ? "" : "s"} to “${short.name}”. Ten or more of each class are better.`;
}
