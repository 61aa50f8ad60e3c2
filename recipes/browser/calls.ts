/** What the page asks of its worker, and what it is told: plain data that can be posted. */

export type DeviceWish = "auto" | "webgpu" | "wasm";

export interface Device {
  readonly provider: "webgpu" | "wasm";
  /** What it is called, such as the graphics card's maker. */
  readonly name: string;
  /** Why another one that was wished for, or would be faster, is not used. */
  readonly why?: string;
  /** How many times as fast as the processor, where that was measured. */
  readonly factor?: number;
}

export interface AddedPhoto {
  /** What the worker and every message call it. */
  readonly name: string;
  readonly sha256: string;
  readonly thumb: Blob;
}

export interface Network {
  readonly name: string;
  /** Side of the square it sees, in pixels. */
  readonly sizePx: number;
  /** Weights and biases, in millions. */
  readonly millions: number;
  /** The classes it was trained on here before, where it is a file that this page made. */
  readonly classes?: readonly string[];
}

/** quick: only the last layer is trained, on what the others see. staged: then all layers too. full: all layers from the beginning. */
export type Depth = "quick" | "staged" | "full";

export interface Lesson {
  readonly classes: readonly { readonly name: string; readonly photos: readonly string[] }[];
  readonly depth: Depth;
  readonly epochs: number;
  readonly seed: number;
  /** Side of the square that the network is to see; its own where absent. */
  readonly sizePx?: number;
}

/** How training goes on. */
export type News =
  | { readonly kind: "note"; readonly text: string }
  | { readonly kind: "features"; readonly done: number; readonly total: number; readonly known: number }
  | { readonly kind: "stage"; readonly name: "head" | "network"; readonly epochs: number }
  | { readonly kind: "step"; readonly done: number; readonly of: number }
  | {
      readonly kind: "epoch";
      readonly stage: "head" | "network";
      readonly epoch: number;
      readonly of: number;
      readonly trainLoss: number;
      readonly trainRight: number;
      readonly loss: number;
      readonly right: number;
    };

export interface Mistake {
  readonly photo: string;
  readonly is: string;
  readonly taken: string;
  readonly weight: number;
}

/** What training came to. */
export interface Taught {
  readonly classes: readonly string[];
  /** Share of the held-out photos that it got right, 0 to 1, and how many there were. */
  readonly right: number;
  readonly heldOut: number;
  /** Of each class, how many held-out photos were taken for each class. */
  readonly confusion: readonly (readonly number[])[];
  readonly mistakes: readonly Mistake[];
  readonly unreadable: readonly { readonly name: string; readonly message: string }[];
  readonly seconds: number;
  /** Of the file. */
  readonly bytes: number;
  /** Whether it was stopped before its time. */
  readonly stopped: boolean;
}

export interface Weighed {
  readonly label: string;
  readonly weight: number;
}

export interface Seen {
  readonly labels: readonly Weighed[];
  /** Where the first label is seen: row by row, 0 to 1. */
  readonly heat?: { readonly rows: number; readonly columns: number; readonly values: Float32Array };
  /** Which share of the shorter side the network sees. */
  readonly share: number;
  readonly milliseconds: number;
}

export interface Found {
  readonly name: string;
  readonly labels: readonly Weighed[];
  readonly score: number;
  readonly thumb?: Blob;
}

export interface Album {
  readonly photos: number;
  readonly labels: readonly { readonly label: string; readonly photos: number }[];
}

/** What a call is asked that needs to be told nothing. */
export type Nothing = Readonly<Record<string, never>>;

/** By name: what is asked, what is answered, what is told meanwhile. */
export interface Calls {
  /** `files` is where ONNX Runtime's own files are. */
  start: { ask: { readonly device: DeviceWish; readonly files: string }; answer: Device };
  useNetwork: { ask: { readonly file?: File }; answer: Network };
  addPhoto: { ask: { readonly file: Blob; readonly name: string }; answer: AddedPhoto };
  removePhotos: { ask: { readonly names: readonly string[] }; answer: void };
  train: { ask: Lesson; answer: Taught; news: News };
  stop: { ask: Nothing; answer: void };
  look: { ask: { readonly photo: Blob | ImageBitmap; readonly withHeat: boolean; readonly of?: string }; answer: Seen };
  file: { ask: Nothing; answer: Blob };
  keep: { ask: { readonly files: readonly File[] }; answer: { readonly failed: readonly string[] }; news: Progress };
  album: { ask: Nothing; answer: Album };
  search: { ask: { readonly query: string }; answer: readonly Found[] };
  alike: { ask: { readonly name: string }; answer: readonly Found[] };
  forget: { ask: Nothing; answer: void };
}

export interface Progress {
  readonly done: number;
  readonly total: number;
}

export type CallName = keyof Calls;
export type Ask<K extends CallName> = Calls[K]["ask"];
export type Answer<K extends CallName> = Calls[K]["answer"];
export type NewsOf<K extends CallName> = Calls[K] extends { news: infer N } ? N : never;

/** An error as it is posted. */
export interface Trouble {
  readonly code?: string;
  readonly message: string;
  readonly hint?: string;
}

export type ToWorker = { readonly id: number; readonly name: CallName; readonly ask: unknown };
export type FromWorker =
  | { readonly id: number; readonly kind: "answer"; readonly answer: unknown }
  | { readonly id: number; readonly kind: "news"; readonly news: unknown }
  | { readonly id: number; readonly kind: "trouble"; readonly trouble: Trouble };
