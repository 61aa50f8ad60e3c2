import type { Dataset } from "../data/dataset.ts";
import type { FineTuneEvent, FineTuneResult } from "./events.ts";
import { job } from "./job.ts";
import type { Platform } from "./platform.ts";
import type { Control } from "./run-stage.ts";
import type { FineTuneSettings } from "./settings.ts";
import type { SourceModel } from "../export/source-model.ts";

export interface FineTuneOptions extends FineTuneSettings {
  readonly source: SourceModel;
  readonly dataset: Dataset;
  readonly platform: Platform;
  /** A network fine-tuned on the same classes, whose logits the student is trained towards too (knowledge distillation). */
  readonly teacher?: SourceModel;
  /** Go on from the newest checkpoint. */
  readonly resume?: boolean;
  /** Go on although settings, model or photos are others than the run was begun with, as far as its weights fit; a note says what differs. */
  readonly forceResume?: boolean;
  /** When the time of `timeLimitSeconds` began, by the platform's clock; when the run is begun where absent. */
  readonly since?: number;
  /** Aborting ends the run after the step that is under way, with a checkpoint and no export. */
  readonly signal?: AbortSignal;
}

/** A run: read its events, or just wait for its result. */
export interface FineTuneRun extends AsyncIterable<FineTuneEvent> {
  readonly result: Promise<FineTuneResult>;
  /** Ends after the step that is under way and exports the best so far. Leaving the loop over the events does the same. */
  stop(): void;
  /** Ends the stage that trains every layer after this many steps; its schedule ends there too. */
  limitSteps(steps: number): void;
}

/**
 * Grafts a new head for the dataset's classes on a pretrained network, fine-tunes it, and makes the file that is served.
 * Nothing runs until the events are read or the result is asked for.
 */
export function fineTune(options: FineTuneOptions): FineTuneRun {
  const control: Control = { limit: options.maxSteps ?? Infinity, stopped: false };
  const events = job(options, control);
  const { promise, resolve, reject } = deferred<FineTuneResult>();
  let reading = false;

  const next = async (): Promise<IteratorResult<FineTuneEvent, undefined>> => {
    try {
      const item = await events.next();
      if (!item.done) return { done: false, value: item.value };
      resolve(item.value);
    } catch (error) {
      reject(error);
      throw error;
    }
    return { done: true, value: undefined };
  };
  const drain = async (): Promise<void> => {
    for (let item = await next(); !item.done; item = await next());
  };
  return {
    [Symbol.asyncIterator]() {
      reading = true;
      return {
        next,
        async return() {
          control.stopped = true;
          await drain();
          return { done: true, value: undefined };
        },
      };
    },
    get result() {
      if (!reading) {
        reading = true;
        // a failure reaches the caller through the promise that is returned
        drain().catch(nothing);
      }
      return promise;
    },
    stop() {
      control.stopped = true;
    },
    limitSteps(steps) {
      control.limit = Math.max(1, Math.floor(steps));
    },
  };
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: unknown) => void } {
  let resolve: (value: T) => void = nothing;
  let reject: (error: unknown) => void = nothing;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  // whoever reads the events sees the failure there; the promise alone must not end the process
  promise.catch(nothing);
  return { promise, resolve, reject };
}

function nothing(): void {}
