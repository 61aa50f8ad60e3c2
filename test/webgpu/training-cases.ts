import { fillNormal } from "../../toolkit/graph/random.ts";
import { float32, scalar, sizeOf } from "../../toolkit/graph/tensor.ts";
import { lossNames, namedLoss } from "../../toolkit/losses/named-loss.ts";
import { softmaxCrossEntropy } from "../../toolkit/losses/softmax-cross-entropy.ts";
import { namedOptimizer, optimizerNames } from "../../toolkit/optimizers/named-optimizer.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { batchNormTraining } from "../../toolkit/passes/batch-norm-training.ts";
import type { Tensors } from "../../toolkit/runtime/runtime.ts";
import { MEASURE, measureStep, writeNorms } from "../../toolkit/train/measure-step.ts";
import { guardStep } from "../../toolkit/train/nan-guard.ts";
import { buildStep, STEP } from "../../toolkit/train/step.ts";
import type { Step, StepSettings } from "../../toolkit/train/step.ts";
import { gradientStep, stepFeeds } from "../support/follow-optimizer.ts";
import { lossGraph, lossTensors } from "../support/loss-graph.ts";
import { feedsFor } from "../support/loss-suite.ts";
import { batchOf, smallClassifier, WEIGHTS } from "../support/small-classifier.ts";
import type { ParityCase } from "./parity-case.ts";

/** What a training step holds beside the network: every loss, every optimizer, and what may stand around it. */
export function trainingCases(): readonly ParityCase[] {
  return [...lossCases(), ...optimizerCases(), ...wholeSteps()];
}

function lossCases(): readonly ParityCase[] {
  const named = lossNames.map((name) => ({ name, loss: namedLoss(name), shape: [6, 5] }));
  const others = [
    {
      name: "cross-entropy",
      loss: softmaxCrossEntropy({ labelSmoothing: 0.1, classWeights: [1, 2, 3] }),
      shape: [6, 3],
    },
    { name: "cross-entropy", loss: softmaxCrossEntropy({ target: "class-ids" }), shape: [2, 3, 2, 4] },
  ];
  return [...named, ...others].map(({ name, loss, shape }) => {
    const isApart = loss.target === "none" || loss.target === "class-ids";
    const feeds = feedsFor(loss, shape, isApart ? { draw: "apart" } : {});
    const graph = lossGraph(loss, feeds);
    return caseOf(`loss ${name}`, graph, lossTensors(feeds), ["loss"]);
  });
}

const SHAPES = new Map([
  ["w", [2, 3]],
  ["bias", [3]],
  ["filter", [2, 1, 3, 3]],
]);

function drawn(seed: number): Tensors {
  return new Map([...SHAPES].map(([name, shape], i) => [name, float32(shape, fillNormal(sizeOf(shape), seed, i))]));
}

function optimizerCases(): readonly ParityCase[] {
  const clip = { clipNorm: 1, clipValue: 0.5, clipAdaptive: 0.1 };
  const cases: readonly (readonly [string, Omit<StepSettings, "parameters" | "logits" | "loss">])[] = [
    ...optimizerNames.map((name) => [`optimizer ${name}`, { optimizer: namedOptimizer(name) }] as const),
    ["clipping", { optimizer: namedOptimizer("sgd", clip) }],
    ["accumulation", { optimizer: namedOptimizer("adam"), accumulate: 2 }],
    ["weight averages", { optimizer: namedOptimizer("sgd"), averageDecay: 0.9, averageWarmUp: true }],
  ];
  return cases.map(([name, settings]) => {
    const step = gradientStep(drawn(0), settings);
    const feeds = new Map([...step.initial, ...stepFeeds(step, drawn(1), { rate: 0.01 })]);
    return caseOf(name, step.graph, feeds);
  });
}

/** Steps of a network with BatchNormalization in training form. */
function wholeSteps(): readonly ParityCase[] {
  const { graph, statistics } = batchNormTraining(smallClassifier({ batchNorm: true }));
  const build = (more: Partial<StepSettings> = {}): Step =>
    buildStep(
      graph,
      {
        parameters: [...WEIGHTS, "scale", "shift"],
        logits: "logits",
        loss: softmaxCrossEntropy(),
        optimizer: namedOptimizer("sgd", { momentum: 0.9 }),
        statistics,
        ...more,
      },
      operators,
    );
  const of = (name: string, step: Step): ParityCase => {
    const feeds = new Map([...step.initial, ...batchOf(0, 8), [STEP.rate, scalar(0.1)] as const]);
    return { ...caseOf(name, step.graph, feeds), dims: new Map([["N", 8]]) };
  };
  const measured = measureStep(build(), operators);
  const wanted = { dtype: "bool", shape: [], data: Uint8Array.of(1) } as const;
  const norms = of("norms of gradients", measured);
  return [
    of("running statistics", build({ averageDecay: 0.9 })),
    of("guard against numbers that are not finite", guardStep(build(), operators)),
    of("sharpness-aware minimisation", build({ sharpness: 0.05 })),
    {
      ...norms,
      feeds: new Map([...norms.feeds, [MEASURE.wanted, wanted]]),
      finish: (lowered) => writeNorms(lowered, measured),
    },
  ];
}

function caseOf(
  subject: string,
  graph: ParityCase["graph"],
  feeds: Tensors,
  forward: readonly string[] = graph.outputs.map((v) => v.name),
): ParityCase {
  return { subject, graph, feeds, forward: new Set(forward), dims: new Map() };
}
