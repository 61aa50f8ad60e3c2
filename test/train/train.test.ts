import assert from "node:assert/strict";
import { scalar } from "../../toolkit/graph/tensor.ts";
import type { Session } from "../../toolkit/runtime/runtime.ts";
import type { TrainBatch } from "../../toolkit/train/batch.ts";
import { STEP } from "../../toolkit/train/step.ts";
import { train } from "../../toolkit/train/train.ts";

describe("train/train", () => {
  let ms = 0;
  /** A step takes 30 ms. */
  const session = {
    run: async () => {
      ms += 30;
      return new Map([
        [STEP.loss, scalar(1)],
        ["logits", { dtype: "float32", shape: [1, 2], data: Float32Array.of(1, 0) }],
      ]);
    },
  } as unknown as Session;
  /** Two batches, each of which is waited for. */
  async function* batches(waitMs: number): AsyncGenerator<TrainBatch> {
    for (let i = 0; i < 2; i++) {
      ms += waitMs;
      const [labels, weight, indices] = [Int32Array.of(0), Float32Array.of(1), Int32Array.of(i)];
      yield { inputs: new Map(), labels, weight, count: 1, indices, position: i + 1 };
    }
  }
  const shares = async (clock: { readonly now?: () => number }): Promise<(number | undefined)[]> => {
    const found: (number | undefined)[] = [];
    const evaluate = (): Promise<never> => {
      ms += 5000;
      return Promise.resolve(undefined as never);
    };
    const events = train({
      session,
      logits: "logits",
      classes: 2,
      batches: (epoch) => batches(epoch === 0 ? 10 : 0),
      stepsPerEpoch: 2,
      epochs: 2,
      schedule: () => 0.1,
      evaluate,
      ...clock,
    });
    for await (const event of events) if (event.kind === "epoch") found.push(event.waitShare);
    return found;
  };

  it("train() tells in which share of an epoch's steps it waited for batches, evaluation left out", async () => {
    assert.deepEqual(await shares({ now: () => ms }), [0.25, 0]);
  });

  it("train() says nothing of it without a clock", async () => {
    assert.deepEqual(await shares({}), [undefined, undefined]);
  });
});
