import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { imagenetClasses } from "../../models/imagenet.ts";
import { evaluateSet, fineTune, openModel, openTagger, readDataset } from "../../toolkit/node.ts";
import type { FineTuneSettings, LabelOptions, SourceModel, WeightedLabel } from "../../toolkit/node.ts";
import { writeCollages } from "../several-labels/write-collages.ts";
import type { Counts, Sets } from "../several-labels/write-collages.ts";
import { readBroaderWords, widen } from "./broader-words.ts";
import type { Question } from "./judge.ts";

/** A photo with the labels that a model gave it. */
export interface Photo {
  readonly path: string;
  readonly sha256: string;
  /** The best ones, with weights. */
  readonly labels: readonly WeightedLabel[];
  /** Those that somebody would note who knows no weights. */
  readonly plain: readonly string[];
}

/** Labelled photos and what is asked of them. */
export interface PhotoSet {
  readonly name: string;
  readonly about: string;
  readonly model: { readonly name: string; readonly sha256: string };
  /** All labels that can be asked for. */
  readonly words: readonly string[];
  readonly photos: readonly Photo[];
  readonly questions: readonly Question[];
}

/** Labels kept for a photo. */
const TOP = 20;

interface Truth {
  /** Number of the ImageNet class. */
  readonly index: number;
  readonly group: string;
}

/**
 * Photos of a folder with truth.json, labelled by a network that knows ImageNet's 1,000 classes, and by broader words. Asked for: every class that is there, every
 * group, and one group or another.
 */
export async function imagenetPhotos(folder: string, model: string): Promise<PhotoSet> {
  const truth = new Map(
    Object.entries(JSON.parse(await readFile(join(folder, "truth.json"), "utf8")) as Record<string, Truth>).map(
      ([file, about]) => [join(folder, file), about] as const,
    ),
  );
  const names = imagenetClasses();
  const words = await readBroaderWords(names);
  const source = await openModel(model, { labels: names });
  const all = await labelPhotos(source, [...truth.keys()], { top: names.length, minWeight: 0 });
  const photos = all.map(({ path, sha256, labels }): Photo => {
    const [best] = labels;
    const word = best && words.get(best.label);
    const plain = [...(best ? [best.label] : []), ...(word === undefined ? [] : [word])];
    return { path, sha256, labels: widen(labels, words, TOP), plain };
  });
  const about = `${photos.length} photos of ${new Set([...truth.values()].map((t) => t.index)).size} classes`;
  return {
    name: "photos",
    about,
    model: source,
    words: [...names, ...words.values()],
    photos,
    questions: photoQuestions(truth, names),
  };
}

/** Every class, every group, and every two groups. */
export function photoQuestions(truth: ReadonlyMap<string, Truth>, names: readonly string[]): readonly Question[] {
  const pathsWhere = (fits: (truth: Truth) => boolean): ReadonlySet<string> =>
    new Set([...truth].filter(([, about]) => fits(about)).map(([path]) => path));
  const classes = [...new Set([...truth.values()].map(({ index }) => index))].toSorted((a, b) => a - b);
  const groups = [...new Set([...truth.values()].map(({ group }) => group))].toSorted();
  return [
    ...classes.map((index) => ({
      kind: "a class",
      query: quoted(names[index] ?? ""),
      relevant: pathsWhere((t) => t.index === index),
    })),
    ...groups.map((group) => ({
      kind: "a group",
      query: quoted(group),
      relevant: pathsWhere((t) => t.group === group),
    })),
    ...pairs(groups).map(([a, b]) => ({
      kind: "a group or another",
      query: `${quoted(a)} OR ${quoted(b)}`,
      relevant: pathsWhere((t) => t.group === a || t.group === b),
    })),
  ];
}

export interface CollageOptions {
  readonly folder: string;
  readonly sets: Sets;
  readonly counts: Counts;
  readonly model: SourceModel;
  readonly settings: FineTuneSettings;
}

/**
 * Collages of CIFAR-10 pictures, in which several things can be seen: the network learns them on one part, and labels another. Asked for: one thing, and two
 * things in one photo.
 */
export async function collages({ folder, sets, counts, model, settings }: CollageOptions): Promise<PhotoSet> {
  const tables = await writeCollages(folder, sets, counts);
  const data = await readDataset(tables.learn);
  const trained = await (await fineTune({ ...settings, model, data })).result;
  if (!trained.model) throw new Error("the run ended without an export");
  const file = join(folder, "model.onnx");
  await writeFile(file, trained.model);
  const { samples } = await evaluateSet(tables.test, data.classes);
  const source = await openModel(file);
  const paths = samples.map(({ path }) => path);
  const noted = await labelPhotos(source, paths, { top: TOP }); // those that reach their thresholds
  const all = await labelPhotos(source, paths, { top: TOP, minWeight: 0 });
  const photos = all.map(({ path, sha256, labels }, i): Photo => {
    return { path, sha256, labels, plain: noted[i]?.labels.map(({ label }) => label) ?? [] };
  });
  const contents = new Map(
    samples.map(({ path, labels = [] }) => [path, new Set(labels.map((k) => data.classes[k] ?? ""))] as const),
  );
  return {
    name: "collages",
    about: `${photos.length} collages of ${data.classes.length} classes`,
    model: source,
    words: data.classes,
    photos,
    questions: collageQuestions(contents, data.classes),
  };
}

/** Every thing, and every two things that some photo has. */
export function collageQuestions(
  contents: ReadonlyMap<string, ReadonlySet<string>>,
  classes: readonly string[],
): readonly Question[] {
  const pathsWith = (...things: readonly string[]): ReadonlySet<string> =>
    new Set([...contents].filter(([, has]) => things.every((thing) => has.has(thing))).map(([path]) => path));
  const both = pairs(classes).map(([a, b]) => ({
    kind: "two things at once",
    query: `${quoted(a)} AND ${quoted(b)}`,
    relevant: pathsWith(a, b),
  }));
  const one = classes.map((thing) => ({ kind: "a thing", query: quoted(thing), relevant: pathsWith(thing) }));
  return [...one, ...both].filter(({ relevant }) => relevant.size > 0);
}

async function labelPhotos(
  source: SourceModel,
  paths: readonly string[],
  options: LabelOptions,
): Promise<readonly Omit<Photo, "plain">[]> {
  const tagger = await openTagger(source);
  const photos: Omit<Photo, "plain">[] = [];
  try {
    for await (const photo of tagger.labelAll(paths, options)) {
      if ("error" in photo) throw new Error(photo.error.message);
      photos.push({ path: photo.file, sha256: photo.sha256 ?? "", labels: photo.labels });
    }
  } finally {
    await tagger.close();
  }
  return photos;
}

function pairs(words: readonly string[]): readonly (readonly [string, string])[] {
  return words.flatMap((a, i) => words.slice(i + 1).map((b) => [a, b] as const));
}

function quoted(label: string): string {
  return `"${label}"`;
}
