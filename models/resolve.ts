import { stat } from "node:fs/promises";
import { errorCode, ToolkitError } from "../toolkit/errors.ts";
import { architectureNames, architectures, findArchitecture } from "./architectures.ts";
import type { Architecture } from "./architectures.ts";
import { cardNamed, cardNames, cards, findCard } from "./cards.ts";
import type { ModelCard } from "./cards.ts";
import { fetchModel } from "./download.ts";
import type { DownloadOptions } from "./download.ts";

/**
 * Which weights a model's name stands for. `trained`: those of a card. `random`: those of an architecture that is built here, where there is one of this
 * name, else a card's. `any`: a card's, else an architecture's.
 */
export type Weights = "trained" | "random" | "any";

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
export async function resolveModel(
  nameOrPath: string | undefined,
  { weights = "trained", ...options }: DownloadOptions & { readonly weights?: Weights },
): Promise<ResolvedModel> {
  if (nameOrPath === undefined) return defaultModel(options);
  if (await isFile(nameOrPath)) return { path: nameOrPath };
  const card = cardOf(nameOrPath, weights);
  return { path: await fetchModel(card, options), card };
}

/** The architecture that a model's name stands for; undefined where it stands for a file. */
export async function resolveArchitecture(
  nameOrPath: string | undefined,
  weights: Weights,
): Promise<Architecture | undefined> {
  if (nameOrPath === undefined || weights === "trained" || (await isFile(nameOrPath))) return undefined;
  return weights === "any" && cardNamed(nameOrPath) ? undefined : findArchitecture(nameOrPath);
}

async function defaultModel(options: DownloadOptions): Promise<ResolvedModel> {
  const card = findCard(DEFAULT_NAME);
  const explanation =
    `no model given: starting from the bundled ${card.title}; ` +
    "for photos, ImageNet weights are the better start where there is a network: --model resnet18";
  return { path: await fetchModel(card, options), card, explanation };
}

function cardOf(nameOrPath: string, weights: Weights): ModelCard {
  try {
    return findCard(nameOrPath, weights === "trained" ? [] : architectureNames());
  } catch (error) {
    if (errorCode(error) !== "E_MODEL_UNKNOWN") throw error;
    const architecture = findArchitecture(nameOrPath);
    if (architecture) {
      throw new ToolkitError("E_MODEL_UNKNOWN", `Cannot find weights for "${nameOrPath}": it is an architecture only`, {
        hint: `train it from random weights: --mode scratch --model ${architecture.name}`,
        cause: error,
      });
    }
    if (!looksLikePath(nameOrPath)) throw error;
    const built = weights === "trained" ? "" : ` or, without a file, of ${architectures.map((a) => a.name).join(", ")}`;
    throw new ToolkitError("E_MODEL_NOT_FOUND", `Cannot find the model file "${nameOrPath}"`, {
      hint: `give the path of an ONNX file, or one of ${cards.length} names: ${cardNames()}${built}`,
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
