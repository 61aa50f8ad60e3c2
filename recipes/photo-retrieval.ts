/**
 * Photo retrieval: label a set of photos, keep the best labels with their weights, and find photos by labels, as a vector model finds texts by words.
 *
 * Two sets. Photos with one thing each, labelled by a network that knows ImageNet's classes as it is, are asked for classes, for broader words ("dog") and for one
 * group or another. Collages of CIFAR-10's test pictures, labelled by a network that was fine-tuned on collages of others, are asked for one thing and for two at once.
 *
 * Claims, each of mean average precision ranked by weight: classes of photos 0.9, groups 0.95, one thing in a collage 0.6, two things 0.25; in all of them weights
 * are 0.05 above the labels that somebody notes without weights, and twice a shuffled list.
 * Check: npm run recipe photo-retrieval -- PHOTOS MODEL.onnx CIFAR10 [--out FOLDER] [--seed 0], or -- --tiny, on collages of pictures that it draws itself
 *
 * PHOTOS has truth.json: {file: {index, group}}, index being that of the ImageNet class. FOLDER gets an index of each set, to be asked with
 * `onnx-graft search QUERY --index FOLDER/photos.db`, and result.json with average precision, P@5, P@10 and reciprocal rank of every query.
 */
import { mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { openIndex, openModel, ToolkitError } from "../toolkit/node.ts";
import type { FineTuneSettings, LabelIndex } from "../toolkit/node.ts";
import { memoryStore } from "../toolkit/search/stores/memory.ts";
import { sayClaims } from "./claim.ts";
import type { Claim } from "./claim.ts";
import { judgeChance, judgeIndex } from "./photo-retrieval/judge.ts";
import type { Judged } from "./photo-retrieval/judge.ts";
import { collages, imagenetPhotos } from "./photo-retrieval/photo-sets.ts";
import type { PhotoSet } from "./photo-retrieval/photo-sets.ts";
import { COLLAGE_PX } from "./several-labels/collages.ts";
import { drawPictures, readCifar10 } from "./two-layer-net/pictures.ts";
import { writeResults } from "./write-results.ts";

/** Least mean average precision of the kinds of queries, ranked by weight. */
const LEAST: Readonly<Record<string, number>> = {
  "a class": 0.9,
  "a group": 0.95,
  "a thing": 0.6,
  "two things at once": 0.25,
};
/** How far weights are ahead of labels without weights. */
const AHEAD = 0.05;
/** How many times a shuffled list's. */
const TIMES_CHANCE = 2;

const COMMON = { augment: false, keep: "last" } satisfies FineTuneSettings;
/** What a ResNet18 sees of a collage: its last map then has three by three places for four cells. */
const SIZE_PX = 96;
const FULL = {
  counts: { train: 4000, validation: 1000, test: 1000 },
  settings: {
    ...COMMON,
    sizePx: SIZE_PX,
    resizePx: SIZE_PX,
    mode: "full",
    epochs: 4,
    batchSize: 32,
    rate: 0.02,
    batchNorm: "batch",
  },
} as const;
const TINY = {
  counts: { train: 60, validation: 30, test: 60 },
  settings: { ...COMMON, sizePx: COLLAGE_PX, resizePx: COLLAGE_PX, mode: "scratch", epochs: 2, batchSize: 10 },
} as const;

export interface PhotoRetrievalOptions {
  readonly say: (line: string) => void;
  readonly out: string;
  readonly seed?: number;
  /** Made-up pictures and a small network where absent. */
  readonly from?: { readonly photos: string; readonly model: string; readonly cifar10: string };
}

export async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      tiny: { type: "boolean", default: false },
      out: { type: "string", default: join("runs", "photo-retrieval") },
      seed: { type: "string", default: "0" },
    },
  });
  const [photos, model, cifar10] = positionals;
  const isGiven = photos !== undefined && model !== undefined && cifar10 !== undefined;
  if (!isGiven && !values.tiny) {
    throw new ToolkitError(
      "E_USAGE",
      "Cannot start: expected photos with truth.json, a model and the folder of CIFAR-10",
      {
        hint: "npm run recipe photo-retrieval -- PHOTOS MODEL.onnx CIFAR10; or -- --tiny",
      },
    );
  }
  const from = isGiven && !values.tiny ? { from: { photos, model, cifar10 } } : {};
  const say = (line: string): void => console.log(line);
  const claims = await retrievePhotos({ ...from, say, out: values.out, seed: Number(values.seed) });
  if (!sayClaims(claims, say)) process.exitCode = 1;
}

/** How the photos of a set are ranked: by weights, as vectors, by labels without weights, at random. */
const RANKINGS = ["weight", "cosine", "labels alone", "shuffled"] as const;
type Ranking = (typeof RANKINGS)[number];
type Results = Readonly<Record<Ranking, Judged>>;

interface Asked {
  readonly set: PhotoSet;
  readonly results: Results;
}

export async function retrievePhotos({ say, out, seed = 0, from }: PhotoRetrievalOptions): Promise<readonly Claim[]> {
  const started = performance.now();
  const folder = resolve(out);
  await mkdir(folder, { recursive: true });
  const asked: Asked[] = [];
  if (from) asked.push(await ask(folder, await imagenetPhotos(from.photos, from.model), say));
  asked.push(await ask(folder, await collageSet(folder, seed, from), say));
  const claims = asked.flatMap((one) => claimsOf(one, from !== undefined));
  await writeResults(folder, {
    recipe: "photo-retrieval",
    claims,
    data: Object.fromEntries(asked.map(({ set }) => [set.name, { about: set.about, model: set.model.name }])),
    settings: { ...(from ? FULL : TINY), seed },
    summary: Object.fromEntries(asked.map(({ set, results }) => [set.name, scoresOf(results)])),
    rows: asked.flatMap(({ set, results }) =>
      (["weight", "cosine"] as const).flatMap((ranking) =>
        results[ranking].queries.map((query) => ({ set: set.name, ranking, ...query })),
      ),
    ),
    table: [["set", "asked for", "ranked by", "queries", "mAP", "P@5", "P@10", "MRR"], ...asked.flatMap(cellsOf)],
    seconds: (performance.now() - started) / 1000,
  });
  return claims;
}

async function collageSet(folder: string, seed: number, from: PhotoRetrievalOptions["from"]): Promise<PhotoSet> {
  if (from) {
    const [sets, model] = [await readCifar10(from.cifar10), await openModel(from.model)];
    return collages({ folder, sets, model, counts: FULL.counts, settings: { ...FULL.settings, seed } });
  }
  const { counts, settings } = TINY;
  const sets = {
    train: drawPictures(4 * (counts.train + counts.validation), 1),
    test: drawPictures(4 * counts.test, 2),
  };
  const model = await openModel("small-cnn", { weights: "random", sizePx: COLLAGE_PX, seed });
  return collages({ folder, sets, model, counts, settings: { ...settings, seed } });
}

/** Puts a set into an index, beside the same labels without weights in another, and asks both. */
async function ask(folder: string, set: PhotoSet, say: (line: string) => void): Promise<Asked> {
  const file = join(folder, `${set.name}.db`);
  await rm(file, { force: true });
  const index = await openIndex(file);
  const plain = await openIndex(memoryStore());
  try {
    await store(index, set, ({ labels }) => labels);
    await store(plain, set, (photo) => photo.plain.map((label) => ({ label, weight: 1 })));
    const { questions } = set;
    const results: Results = {
      weight: await judgeIndex(index, questions, { rank: "weight" }),
      cosine: await judgeIndex(index, questions, { rank: "cosine" }),
      "labels alone": await judgeIndex(plain, questions, { rank: "weight" }),
      shuffled: judgeChance(
        questions,
        set.photos.map(({ path }) => path),
      ),
    };
    say(`${set.about}, labelled by ${set.model.name}: ${file}`);
    for (const cells of cellsOf({ set, results })) say(`   ${cells.slice(1).join("   ")}`);
    return { set, results };
  } finally {
    await index.close();
    await plain.close();
  }
}

async function store(
  index: LabelIndex,
  { photos, words, model }: PhotoSet,
  labelsOf: (photo: PhotoSet["photos"][number]) => PhotoSet["photos"][number]["labels"],
): Promise<void> {
  // a label that no photo was given can be asked for all the same
  await index.addLabels(words);
  await index.add(
    photos.map((photo) => ({
      path: photo.path,
      sha256: photo.sha256,
      size: 0,
      mtime: 0,
      labels: labelsOf(photo),
      model,
    })),
  );
}

/** Two for each kind of query that has a least value. */
function claimsOf({ set, results }: Asked, isJudged: boolean): readonly Claim[] {
  const found = (ranking: Ranking, kind: string): number =>
    results[ranking].scores.find((scores) => scores.kind === kind)?.meanAveragePrecision ?? 0;
  const judged = (holds: boolean): boolean | undefined => (isJudged ? holds : undefined);
  const text = (value: number): string => value.toFixed(3);
  return results.weight.scores.flatMap(({ kind, meanAveragePrecision: best }): readonly Claim[] => {
    const least = LEAST[kind];
    if (least === undefined) return [];
    const [plain, chance] = [found("labels alone", kind), found("shuffled", kind)];
    return [
      {
        text: `${set.name}: searches for ${kind} have a mean average precision of ${least}`,
        holds: judged(best >= least),
        figures: `by weight ${text(best)}, as vectors ${text(found("cosine", kind))}`,
      },
      {
        text: `${set.name}: for ${kind}, that is ${AHEAD} above labels without weights and ${TIMES_CHANCE} times a shuffled list`,
        holds: judged(best >= plain + AHEAD && best >= TIMES_CHANCE * chance),
        figures: `without weights ${text(plain)}, shuffled ${text(chance)}`,
      },
    ];
  });
}

function scoresOf(results: Results): object {
  return Object.fromEntries(RANKINGS.map((ranking) => [ranking, results[ranking].scores]));
}

function cellsOf({ set, results }: Asked): readonly (readonly string[])[] {
  return RANKINGS.flatMap((ranking) =>
    results[ranking].scores.map((scores) => [
      set.name,
      scores.kind,
      ranking,
      String(scores.queries),
      scores.meanAveragePrecision.toFixed(3),
      scores.precisionAt5.toFixed(3),
      scores.precisionAt10.toFixed(3),
      scores.meanReciprocalRank.toFixed(3),
    ]),
  );
}
