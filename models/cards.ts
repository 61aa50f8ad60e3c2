import { ToolkitError } from "../toolkit/errors.ts";
import { nearestNames } from "../toolkit/nearest-names.ts";
import { bundled } from "./cards/bundled.ts";
import type { ModelCard } from "./cards/card.ts";
import { others } from "./cards/other.ts";
import { resnets } from "./cards/resnet.ts";

export type { Accuracy, Channels, ModelCard } from "./cards/card.ts";

/** Every model that can be asked for by name. */
export const cards: readonly ModelCard[] = [bundled, ...resnets, ...others];

/**
 * The card called `name`, by its name or an alias; case and `_` for `-` do not matter.
 * @throws E_MODEL_UNKNOWN with the nearest names
 */
export function findCard(name: string): ModelCard {
  const wanted = spelling(name);
  const card = cards.find((c) => namesOf(c).includes(wanted));
  if (card) return card;
  const near = nearestNames(wanted, cards.flatMap(namesOf));
  throw new ToolkitError("E_MODEL_UNKNOWN", `Cannot find a model called "${name}"`, {
    hint: near.length ? `did you mean ${near.join(" or ")}?` : `known models: ${cardNames()}`,
  });
}

/** The names of all cards in one line. */
export function cardNames(): string {
  return cards.map((c) => c.name).join(", ");
}

function namesOf(card: ModelCard): readonly string[] {
  return [card.name, ...(card.aliases ?? [])];
}

function spelling(name: string): string {
  return name.trim().toLowerCase().replaceAll("_", "-");
}
