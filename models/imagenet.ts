import { readFileSync } from "node:fs";
import { ToolkitError } from "../toolkit/errors.ts";
import type { ModelCard } from "./cards.ts";
import { packageFile } from "./package-file.ts";

/** The 1000 class names of ImageNet-1k in the usual order (torchvision's, Caffe's), each one once. */
export function imagenetClasses(): readonly string[] {
  return readNames("models/imagenet-classes.json");
}

/** A model's class names in the order of its outputs. */
export function cardLabels(card: ModelCard): readonly string[] {
  return card.labels === "imagenet-1k" ? imagenetClasses() : readNames(card.labels);
}

/** A list of names, or of records with a `name`. */
function readNames(path: string): readonly string[] {
  const list: unknown = JSON.parse(readFileSync(packageFile(path), "utf8"));
  const names = Array.isArray(list) ? list.map(nameOf) : [undefined];
  if (names.every((name) => typeof name === "string")) return names;
  throw new ToolkitError("E_MODEL_INVALID", `Cannot read the class names in "${path}": expected a JSON list of names`);
}

function nameOf(item: unknown): unknown {
  return typeof item === "object" && item !== null && "name" in item ? item.name : item;
}
