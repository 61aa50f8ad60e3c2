import type { EpochRecord, RunReport } from "../../toolkit/report/run-report.ts";
import { measure } from "../../toolkit/report/metrics.ts";

function epoch(number: number, trainAccuracy: number, accuracy: number): EpochRecord {
  const loss = 1 - accuracy;
  return {
    epoch: number,
    trainLoss: loss + 0.1,
    trainAccuracy,
    loss,
    accuracy,
    rate: 0.001,
    imagesPerSecond: 17.5,
    seconds: 20,
  };
}

/** A short staged run with three classes, one of them without photos. */
export function exampleReport(): RunReport {
  return {
    title: "hymenoptera",
    model: "resnet18",
    classes: ["ants", "bees", "wasps"],
    trainImages: 244,
    validationImages: 4,
    settings: { mode: "staged", batch: 16, augment: true, limit: null },
    stages: [
      { mode: "frozen", epochs: [epoch(1, 0.45, 0.5), epoch(2, 0.7, 0.75)] },
      { mode: "full", epochs: [epoch(1, 0.8, 0.875)] },
    ],
    steps: [1, 2, 3].map((step) => ({ step, loss: 1 / step, rate: 0.01 / step })),
    metrics: measure({
      probabilities: Float32Array.of(0.9, 0.1, 0, 0.2, 0.8, 0, 0.1, 0.9, 0, 0.3, 0.7, 0),
      labels: [0, 0, 1, 1],
      classes: 3,
    }),
    badFiles: [],
    versions: { node: "20.20.2" },
    parity: { maxDifference: 2.4e-7, flips: 0, images: 4, provider: "cpu" },
  };
}
