import { ToolkitError } from "../toolkit/errors.ts";
import { nearestNames } from "../toolkit/nearest-names.ts";
import { bundled } from "./cards/bundled.ts";
import type { ModelCard } from "./cards/card.ts";
import { others } from "./cards/other.ts";
import { resnets } from "./cards/resnet.ts";
import { spelling } from "./model-name.ts";

export type { Accuracy, Channels, ModelCard } from "./cards/card.ts";

/** Every model that can be asked for by name. */
export const cards: readonly ModelCard[] = [bundled, ...resnets, ...others];

/**
 * The card called `name`, by its name or an alias; case and `_` for `-` do not matter.
 * @throws E_MODEL_UNKNOWN with the nearest names, those of `alsoKnown` among them
 */
export function findCard(name: string, alsoKnown: readonly string[] = []): ModelCard {
  const card = cardNamed(name);
  if (card) return card;
  const near = nearestNames(spelling(name), [...new Set([...cards.flatMap(namesOf), ...alsoKnown])]);
  throw new ToolkitError("E_MODEL_UNKNOWN", `Cannot find a model called "${name}"`, {
    hint: near.length ? `did you mean ${near.join(" or ")}?` : `known models: ${cardNames()}`,
  });
}

/** The same; undefined where no card is called so. */
export function cardNamed(name: string): ModelCard | undefined {
  const wanted = spelling(name);
  return cards.find((c) => namesOf(c).includes(wanted));
}

/** The names of all cards in one line. */
export function cardNames(): string {
  return cards.map((c) => c.name).join(", ");
}

function namesOf(card: ModelCard): readonly string[] {
  return [card.name, ...(card.aliases ?? [])];
}
