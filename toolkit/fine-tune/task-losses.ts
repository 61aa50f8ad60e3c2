import type { Task } from "../data/heads.ts";
import type { NamedLossOptions } from "../losses/named-loss.ts";

/** The losses that one label per photo can train a classifier with, whose softmax is then served. Those of pairs and triplets are for `buildStep`. */
export const CLASSIFIER_LOSSES = ["cross-entropy", "focal", "bce", "focal-sigmoid", "hinge", "binary-hinge"] as const;
/** Those for which each class is a question of its own: for photos of several labels, whose sigmoid is served. */
export const LABEL_LOSSES = ["bce", "focal-sigmoid", "binary-hinge"] as const;
/** Those of numbers. */
export const NUMBER_LOSSES = ["mse", "l1", "huber", "smooth-l1"] as const;

export type ClassifierLoss = (typeof CLASSIFIER_LOSSES)[number];
/** A loss that a head can be trained with. */
export type HeadLossName = ClassifierLoss | (typeof NUMBER_LOSSES)[number];
/** The same with options of its own. */
export type HeadLossChoice = { readonly name: HeadLossName } & Omit<NamedLossOptions, "labelSmoothing">;

const LOSSES: Readonly<Record<Task, readonly HeadLossName[]>> = {
  classes: CLASSIFIER_LOSSES,
  labels: LABEL_LOSSES,
  numbers: NUMBER_LOSSES,
};

/** The losses that a task can be trained with; the first is the usual one. */
export function lossesOf(task: Task): readonly HeadLossName[] {
  return LOSSES[task];
}

export function defaultLoss(task: Task): HeadLossName {
  return LOSSES[task][0] ?? "cross-entropy";
}

export function fitsTask(loss: HeadLossName, task: Task): boolean {
  return LOSSES[task].includes(loss);
}
