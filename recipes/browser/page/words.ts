/** What went wrong with one file, as the end of a sentence. */
const FILE_WORDS: Readonly<Record<string, string>> = {
  E_IMAGE_DECODE: "the file is damaged or empty",
  E_IMAGE_FORMAT: "it is no picture that this browser can read; JPEG, PNG and WebP always work",
  E_IMAGE_TOO_LARGE: "it is too large",
  E_IMAGE_READ: "it was moved or changed meanwhile: choose it again",
};

const WORDS: Readonly<Record<string, string>> = {
  E_NO_HEAD: "This network does not end in a layer that tells classes apart, so there is nothing to replace.",
  E_NO_GRADIENT: "This network has a part that cannot learn here. Quick training may still work.",
  E_MODEL_NOT_ONNX: "This file is no ONNX network.",
  E_MODEL_TRUNCATED: "This file breaks off in the middle: fetch it again.",
  E_MODEL_EMPTY: "This file is empty.",
  E_MODEL_EXTERNAL: "The weights of this network are in another file. Export it as one file.",
  E_MODEL_TOO_LARGE: "This network is too large for a page.",
  E_TOO_MANY_BAD: "Too many of the photos cannot be read.",
  E_NONFINITE_LOSS: "Training went astray: numbers grew without limit. Try the quick way, or more photos.",
  E_DOWNLOAD:
    "The network that comes with this page could not be loaded. Are you offline before the first visit was complete?",
  E_DOWNLOAD_CHECKSUM: "The network that comes with this page arrived damaged: load the page again.",
  E_RUNTIME: "The part of this page that computes could not be started.",
  E_QUERY: "This search cannot be understood.",
  E_STOPPED: "Stopped before the first round had ended, so there is nothing to try yet.",
  E_STORE: "This browser does not let the page keep anything, as in some private windows, or has no room left.",
};

interface Told {
  readonly text: string;
  readonly hint?: string;
}

/** Why a file was left out. */
export function fileWords(name: string, error: unknown): string {
  const { code, message } = error as { code?: string; message?: string };
  return `${name}: ${FILE_WORDS[code ?? ""] ?? message ?? "it cannot be read"}`;
}

/** What went wrong, for somebody who knows no codes. */
export function words(error: unknown): Told {
  const { code = "", message = String(error), hint } = error as { code?: string; message?: string; hint?: string };
  const known = WORDS[code];
  if (known === undefined) return { text: message, ...(hint === undefined ? {} : { hint }) };
  // what a query lacks is said by its own message
  return { text: known, ...(code === "E_QUERY" || code.startsWith("E_MODEL") ? { hint: message } : {}) };
}
