import { epochOrder } from "../../toolkit/data/augment.ts";
import { hash, uniform } from "../../toolkit/graph/random.ts";
import { adam, constant, softmaxCrossEntropy, train } from "../../toolkit/node.ts";
import type { Evaluation, Tensors } from "../../toolkit/node.ts";
import { waitingFor } from "../../toolkit/train/early-stopping.ts";
import { ask, withTraining } from "./descend.ts";
import { inBatches, pick } from "./digits.ts";
import type { Digits } from "./digits.ts";
import { CLASSES } from "./losses.ts";
import { denseNet } from "./nets.ts";
import type { Lab, Section } from "./section.ts";

/** Few pictures, a fifth of them with a wrong label: enough to learn from, and soon enough to learn by heart. */
const PICTURES = 500;
const WRONG = 0.2;
const BATCH = 50;
const RATE = 3e-3;
const MOST_EPOCHS = 40;
const TINY_EPOCHS = 4;
const PATIENCE = { metric: "loss", patience: 8, leastImprovement: 0 } as const;

interface Course {
  readonly trainLosses: readonly number[];
  readonly validations: readonly Evaluation[];
  readonly bestEpoch: number;
  /** What the weights that were kept say, once they are back in the session. */
  readonly restored: Evaluation;
  readonly unseenBest: Evaluation;
  readonly unseenLast: Evaluation;
}

/** Training that ends when validation pictures say so, with the weights of the best epoch. */
export async function stopEarly(lab: Lab): Promise<Section> {
  const { tiny } = lab;
  const { trainLosses, validations, bestEpoch, restored, unseenBest, unseenLast } = await course(lab);
  const losses = validations.map(({ loss }) => loss);
  const least = Math.min(...losses);
  const stopped = validations.length < MOST_EPOCHS && validations.length === bestEpoch + PATIENCE.patience;
  const said = ({ loss, top1 }: Evaluation): string => `loss ${loss.toFixed(3)}, ${(100 * top1).toFixed(1)} % right`;
  const byEpoch = (values: readonly number[]): readonly (readonly [number, number])[] =>
    values.map((v, i) => [i + 1, v]);
  return {
    title: "When to stop",
    note: `${PICTURES} pictures, of which a fifth have a wrong label. The weights of the epoch with the lowest loss on validation pictures are kept; training ends ${PATIENCE.patience} epochs after it. All the while the loss of training falls: the net learns the mistakes by heart.`,
    claims: [
      {
        text: "the weights that are kept are those of the best epoch: put back, they have its loss to the bit",
        holds: restored.loss === least && losses[bestEpoch - 1] === least,
        figures: `epoch ${bestEpoch} of ${validations.length}, validation loss ${restored.loss.toFixed(4)}`,
      },
      {
        text: `training ends by itself before epoch ${MOST_EPOCHS}, the loss of training still falling`,
        holds: tiny ? undefined : stopped && (trainLosses.at(-1) ?? 1) < (trainLosses[bestEpoch - 1] ?? 0),
        figures: `${validations.length} epochs; loss of training ${(trainLosses[bestEpoch - 1] ?? 0).toFixed(3)} at the best, ${(trainLosses.at(-1) ?? 0).toFixed(3)} at the end`,
      },
      {
        text: "on pictures that decided nothing, the best epoch has a lower loss than the last",
        holds: tiny ? undefined : unseenBest.loss < unseenLast.loss,
        figures: `best: ${said(unseenBest)}; last: ${said(unseenLast)}`,
      },
    ],
    figures: [
      {
        kind: "lines",
        title: "Loss by epoch",
        xLabel: "epoch",
        lines: [
          { name: "training", points: byEpoch(trainLosses) },
          { name: "validation", points: byEpoch(losses) },
        ],
        marks: [{ x: bestEpoch, label: "kept" }],
      },
      {
        kind: "lines",
        title: "Share of validation pictures told right",
        xLabel: "epoch",
        lines: [{ name: "validation", points: byEpoch(validations.map(({ top1 }) => top1)) }],
        marks: [{ x: bestEpoch, label: "kept" }],
      },
    ],
  };
}

async function course({ runtime, sets, tiny, seed }: Lab): Promise<Course> {
  const { labels } = sets.learn;
  const few = pick(
    sets.learn,
    Int32Array.from({ length: Math.min(PICTURES, labels.length) }, (_, i) => i),
  );
  const learn = withWrongLabels(few, seed);
  const graph = denseNet(CLASSES, seed);
  return withTraining({ runtime, graph, loss: softmaxCrossEntropy(), optimizer: adam() }, async (training) => {
    const { session, logits, classes, parameters } = training;
    const count = learn.labels.length;
    const [trainLosses, validations]: [number[], Evaluation[]] = [[], []];
    let best: Tensors = await session.get(parameters);
    let bestEpoch = 0;
    const events = train({
      session,
      logits,
      classes,
      batches: (epoch) => inBatches(learn, epochOrder(count, seed, epoch), BATCH),
      stepsPerEpoch: Math.floor(count / BATCH),
      epochs: tiny ? TINY_EPOCHS : MOST_EPOCHS,
      schedule: constant(RATE),
      evaluate: () => ask(training, sets.validation),
    });
    for await (const event of events) {
      if (event.kind !== "epoch" || !event.evaluation) continue;
      trainLosses.push(event.trainLoss);
      validations.push(event.evaluation);
      const waiting = waitingFor(
        validations.map(({ loss }) => loss),
        PATIENCE,
      );
      if (waiting.epochs === 0) best = await session.get(parameters);
      bestEpoch = waiting.bestEpoch;
      if (waiting.isOver) break;
    }
    const unseenLast = await ask(training, sets.unseen);
    await session.set(best);
    const restored = await ask(training, sets.validation);
    return { trainLosses, validations, bestEpoch, restored, unseenBest: await ask(training, sets.unseen), unseenLast };
  });
}

/** The digits with a share of their labels replaced by another one. */
function withWrongLabels(digits: Digits, seed: number): Digits {
  const labels = digits.labels.map((label, i) =>
    uniform(seed, 31, i) < WRONG ? (label + 1 + (hash(seed, 32, i) % (CLASSES - 1))) % CLASSES : label,
  );
  return { ...digits, labels };
}
