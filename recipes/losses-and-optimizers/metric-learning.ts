import { classesByPictures } from "../../toolkit/data/classes-by-pictures.ts";
import { adam, averagePrecision, batchAllTriplet, batchContrastive, cosine, precisionAt } from "../../toolkit/node.ts";
import type { Loss } from "../../toolkit/node.ts";
import { descend, outputsOf, withTraining } from "./descend.ts";
import { AREA } from "./digits.ts";
import type { Digits } from "./digits.ts";
import { ofRows } from "./losses.ts";
import { embeddingNet } from "./nets.ts";
import { WIDTH } from "./one-batch.ts";
import { mean, smoothed } from "./section.ts";
import type { Lab, Section } from "./section.ts";

/** Every batch has so many pictures of each of so many digits: all pairs of a batch are compared. */
const DRAW = { classes: 10, pictures: 4 };
const TINY_DRAW = { classes: 5, pictures: 4 };
const EPOCHS = 4;
/** Wider than the others: it shall tell apart more than ten things. */
const HIDDEN = [128, 64];
const TINY_EPOCHS = 1;
const RATE = 3e-3;
const MARGINS = { contrastive: 1, triplet: 0.5 };
/** Searches by a picture, each through all other unseen ones. */
const SEARCHES = 300;
/** Mean average precision that embeddings are ahead of pixels by. The first hit says less: the nearest picture is of the same digit in pixels too. */
const AHEAD = 0.3;

interface Ranked {
  readonly name: string;
  /** Share of searches whose first hit shows the same digit, and mean average precision. */
  readonly first: number;
  readonly meanPrecision: number;
}

/** Embeddings whose distances say what is alike, by losses of pairs and of triplets. */
export async function metricLearning(lab: Lab): Promise<Section> {
  const { sets, tiny } = lab;
  const { unseen } = sets;
  const ranked: Ranked[] = [rank("pixels", unseen.ink, AREA, unseen.labels)];
  const runs = [];
  for (const [name, loss] of [
    ["contrastive", batchContrastive({ margin: MARGINS.contrastive })],
    ["triplet", batchAllTriplet({ margin: MARGINS.triplet })],
  ] as const) {
    const { losses, embedding } = await embed(lab, ofRows(loss), unseen);
    runs.push({ name, losses });
    ranked.push(rank(name, embedding, WIDTH, unseen.labels));
  }
  const [pixels, ...learnt] = ranked;
  const { classes, pictures } = tiny ? TINY_DRAW : DRAW;
  const base = pixels?.meanPrecision ?? 0;
  const figures = ranked.map((r) => `${r.name} ${r.meanPrecision.toFixed(3)} (first hit ${r.first.toFixed(3)})`);
  return {
    title: "Metric learning",
    note: `${WIDTH} numbers of length 1 for each picture. Batches are ${pictures} pictures of each of ${classes} digits: the contrastive loss pulls every pair of one digit together and pushes every other pair apart, the triplet loss wants every picture of the same digit nearer than every picture of another. Then every unseen picture looks for its like among all other unseen ones.`,
    claims: [
      {
        text: `searches by either embedding find unseen digits with a mean average precision at least ${AHEAD} above that of pixels`,
        holds: tiny ? undefined : learnt.every((r) => r.meanPrecision >= base + AHEAD),
        figures: figures.join(", "),
      },
    ],
    figures: [
      {
        kind: "lines",
        title: "Losses of pairs and triplets",
        xLabel: "step",
        lines: runs.map(({ name, losses }) => ({ name, points: smoothed(losses) })),
      },
      {
        kind: "table",
        title: "Searches by a picture, through unseen ones",
        head: ["distance of", "first hit is the same digit (P@1)", "mean average precision"],
        rows: ranked.map((r) => [r.name, r.first.toFixed(3), r.meanPrecision.toFixed(3)]),
      },
    ],
  };
}

async function embed(
  { runtime, sets, tiny, seed }: Lab,
  loss: Loss,
  unseen: Digits,
): Promise<{ readonly losses: readonly number[]; readonly embedding: Float32Array }> {
  const { learn } = sets;
  const draw = tiny ? TINY_DRAW : DRAW;
  const graph = embeddingNet(WIDTH, seed, HIDDEN);
  const trace = await descend({
    runtime,
    graph,
    loss,
    learn,
    seed,
    batchSize: draw.classes * draw.pictures,
    order: (epoch) => classesByPictures(learn.labels, draw, seed, epoch),
    epochs: tiny ? TINY_EPOCHS : EPOCHS,
    optimizer: adam(),
    schedule: cosine(RATE),
  });
  const embedding = await withTraining({ runtime, graph, loss, optimizer: adam() }, async (training) => {
    await training.session.set(trace.weights);
    return outputsOf(training, unseen);
  });
  return { losses: trace.steps.map((step) => step.loss), embedding };
}

/** How well the nearest rows are of the same class. */
function rank(name: string, rows: Float32Array, width: number, labels: Int32Array): Ranked {
  const searches = Array.from({ length: Math.min(SEARCHES, labels.length) }, (_, query) => {
    const own = rows.subarray(query * width, (query + 1) * width);
    const others = Array.from(labels.keys()).filter((i) => i !== query);
    const distances = Float64Array.from(labels, (_label, i) => {
      let sum = 0;
      for (let k = 0; k < width; k++) sum += ((rows[i * width + k] ?? 0) - (own[k] ?? 0)) ** 2;
      return sum;
    });
    const ranked = others.toSorted((a, b) => (distances[a] ?? 0) - (distances[b] ?? 0));
    return { ranked, relevant: new Set(others.filter((i) => labels[i] === labels[query])) };
  });
  return {
    name,
    first: mean(searches.map((search) => precisionAt(search, 1))),
    meanPrecision: mean(searches.map((search) => averagePrecision(search))),
  };
}
