import { stat } from "node:fs/promises";
import { errorCode, ToolkitError } from "../toolkit/errors.ts";
import { cardNames, cards, findCard } from "./cards.ts";
import type { ModelCard } from "./cards.ts";
import { fetchModel } from "./download.ts";
import type { DownloadOptions } from "./download.ts";

export interface ResolvedModel {
  readonly path: string;
  /** Absent for a file of the user's own. */
  readonly card?: ModelCard;
  /** One line for the log about what was chosen, where the user did not choose. */
  readonly explanation?: string;
}

const DEFAULT_NAME = "bundled";

/**
 * The file of a model: an existing path as it is, a card's name from the package, the cache or the network; the bundled weights where
 * nothing is named.
 * @throws E_MODEL_NOT_FOUND for a path that leads to no file, E_MODEL_UNKNOWN for a name that no card has, and as fetchModel
 */
export async function resolveModel(nameOrPath: string | undefined, options: DownloadOptions): Promise<ResolvedModel> {
  if (nameOrPath === undefined) return defaultModel(options);
  if (await isFile(nameOrPath)) return { path: nameOrPath };
  const card = cardOf(nameOrPath);
  return { path: await fetchModel(card, options), card };
}

async function defaultModel(options: DownloadOptions): Promise<ResolvedModel> {
  const card = findCard(DEFAULT_NAME);
  const explanation =
    `no model given: starting from the bundled ${card.title}; ` +
    "for photos, ImageNet weights are the better start where there is a network: --model resnet18";
  return { path: await fetchModel(card, options), card, explanation };
}

function cardOf(nameOrPath: string): ModelCard {
  try {
    return findCard(nameOrPath);
  } catch (error) {
    if (errorCode(error) !== "E_MODEL_UNKNOWN" || !looksLikePath(nameOrPath)) throw error;
    throw new ToolkitError("E_MODEL_NOT_FOUND", `Cannot find the model file "${nameOrPath}"`, {
      hint: `give the path of an ONNX file, or one of ${cards.length} names: ${cardNames()}`,
      cause: error,
    });
  }
}

function looksLikePath(text: string): boolean {
  return /[\\/]|\.[A-Za-z]+$/.test(text);
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() ?? false;
}
