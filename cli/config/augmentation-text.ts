type Values = Readonly<Record<string, unknown>>;

/** Settings of a crop, which stand behind its name. */
const OF_CROPS = new Set(["padding", "minArea", "maxArea", "minRatio", "maxRatio"]);
const CROPS: ReadonlyMap<unknown, string> = new Map([
  ["resized", "resized-crop"],
  ["padded", "padded-crop"],
  ["none", "no-crop"],
]);

/** Augmentation settings as the text that `parseAugmentation` reads; undefined where they say nothing. */
export function augmentationText({ crop, flipProbability, steps, ...others }: Values): string | undefined {
  const cropped = Object.fromEntries(Object.entries(others).filter(([key]) => OF_CROPS.has(key)));
  const hasCrop = crop !== undefined || Object.keys(cropped).length > 0;
  const parts = [
    ...(hasCrop ? [partText(CROPS.get(crop) ?? "resized-crop", cropped)] : []),
    ...(flipProbability === undefined ? [] : [partText("flip-horizontal", { probability: flipProbability })]),
    ...(Array.isArray(steps) ? steps : []).map(({ name, ...options }: Values) => partText(String(name), options)),
  ];
  return parts.length === 0 ? undefined : parts.join("+");
}

function partText(name: string, options: Values): string {
  const pairs = Object.entries(options).map(([key, value]) => `${key}=${[value].flat().join("+")}`);
  return pairs.length === 0 ? name : `${name}:${pairs.join(",")}`;
}
