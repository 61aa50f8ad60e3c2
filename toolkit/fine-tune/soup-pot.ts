import { errorCode } from "../errors.ts";
import type { CheckpointFolder } from "../train/checkpoint-folder.ts";
import { isBetter } from "../train/is-better.ts";
import { qualityText } from "../train/quality-text.ts";
import { greedySoup } from "../train/soup.ts";
import type { Evaluation } from "../train/evaluate.ts";
import type { Tensors } from "../runtime/runtime.ts";
import type { FineTuneEvent, StageName } from "./events.ts";
import { readStage, stageCheckpoint } from "./run-state.ts";
import type { Best } from "./stage.ts";

/** The best epochs of a stage, of whose weights a soup is made in the end. */
export interface SoupPot {
  /** Keeps an epoch where it is among the best so far, and lets go of the worst one. */
  add(epoch: Best): Promise<void>;
  /** The soup, where it scores better than `best`, and otherwise that; the log is told. */
  cook(best: Best, evaluate: (weights: Tensors) => Promise<Evaluation>): AsyncGenerator<FineTuneEvent, Best>;
}

export interface SoupPotOptions {
  readonly stage: StageName;
  readonly size: number;
  /** Where the epochs are kept for a run that is interrupted. */
  readonly checkpoints?: CheckpointFolder | undefined;
  /** Epochs that are behind an interrupted run: of later ones that it had kept it has to run anew. */
  readonly epochs: number;
}

/** Opens the pot of a stage, with what an interrupted run has kept. */
export async function openSoupPot({ stage, size, checkpoints, epochs }: SoupPotOptions): Promise<SoupPot> {
  const slots: (Best | undefined)[] = Array.from({ length: size });
  const nameOf = (slot: number): string => `${stage}-soup-${slot + 1}`;
  for (const slot of slots.keys()) {
    const kept = epochs > 0 ? await checkpoints?.best(nameOf(slot)).catch(unreadable) : undefined;
    const epoch = kept && readStage(kept).best;
    if (epoch && epoch.epoch <= epochs) slots[slot] = epoch;
  }
  return {
    async add(epoch) {
      const worst = slots.reduce((found, held, i) => (isWorse(held, slots[found]) ? i : found), 0);
      const before = slots[worst];
      if (before && !isBetter(epoch.evaluation, before.evaluation)) return;
      slots[worst] = epoch;
      await checkpoints?.saveBest(nameOf(worst), stageCheckpoint({ best: epoch, final: undefined }));
    },
    async *cook(best, evaluate) {
      const held = slots.filter((epoch) => epoch !== undefined).toSorted(bestFirst);
      if (held.length < 2) return best;
      const soup = await greedySoup(held, { evaluate, isBetter });
      const names = soup.members.map((member) => held[member]?.epoch ?? 0).toSorted((a, b) => a - b);
      const text = `the mean of epochs ${names.join(", ")} scores ${scoreText(soup.evaluation)}, the best epoch ${scoreText(best.evaluation)}`;
      const isWorth = soup.members.length > 1 && isBetter(soup.evaluation, best.evaluation);
      yield {
        kind: "note",
        text: `soup: ${soup.members.length === 1 ? `no mean with the best epoch, ${best.epoch}, is as good` : text}; ${isWorth ? "the mean is kept" : "the best epoch is kept"}`,
      };
      return isWorth ? { weights: soup.weights, evaluation: soup.evaluation, epoch: best.epoch } : best;
    },
  };
}

/** An empty slot is worse than any. Of equal ones the later epoch goes. */
function isWorse(a: Best | undefined, b: Best | undefined): boolean {
  if (b === undefined || a === undefined) return b !== undefined;
  return bestFirst(a, b) > 0;
}

function bestFirst(a: Best, b: Best): number {
  if (isBetter(a.evaluation, b.evaluation)) return -1;
  return isBetter(b.evaluation, a.evaluation) ? 1 : a.epoch - b.epoch;
}

function scoreText(evaluation: Evaluation): string {
  return `${qualityText(evaluation)}, loss ${evaluation.loss.toFixed(4)}`;
}

/** One epoch fewer to choose from. */
function unreadable(error: unknown): undefined {
  if (errorCode(error) !== "E_CHECKPOINT") throw error;
}
