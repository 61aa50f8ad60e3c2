import assert from "node:assert/strict";
import { ToolkitError } from "../../toolkit/errors.ts";
import type { FineTuneSettings } from "../../toolkit/fine-tune/settings.ts";
import { heldJournal } from "../../toolkit/sweep/journal.ts";
import { sweep } from "../../toolkit/sweep/sweep.ts";
import type { SweepEvent, SweepOptions, SweepResult } from "../../toolkit/sweep/sweep.ts";
import type { Trainer } from "../../toolkit/sweep/trial.ts";

type Given = Partial<SweepOptions>;

/** A task whose best rate is 0.01, where more epochs do better, and another seed a little worse. */
function qualityOf({ rate = 0, epochs = 30, seed = 0 }: FineTuneSettings): number {
  return 0.9 - 0.1 * Math.abs(Math.log10(Number(rate)) + 2) - 0.1 / epochs - 0.01 * seed;
}

interface Swept {
  readonly events: readonly SweepEvent[];
  readonly result: SweepResult;
  /** The settings that were trained with, in order. */
  readonly trained: readonly FineTuneSettings[];
}

async function run(
  given: Given,
  watch?: (event: SweepEvent) => void,
  fail?: (s: FineTuneSettings) => void,
): Promise<Swept> {
  const trained: FineTuneSettings[] = [];
  // eslint-disable-next-line typescript/require-await -- a trainer reads files elsewhere
  const train: Trainer = async function* (settings) {
    trained.push(settings);
    yield { kind: "note", text: "training" };
    fail?.(settings);
    return { quality: qualityOf(settings), metric: "accuracy", loss: 1 - qualityOf(settings), photos: 100, epoch: 1 };
  };
  const space = { rate: { from: 1e-4, to: 1, scale: "log" } } as const;
  const running = sweep({ space, train, ...given });
  const events: SweepEvent[] = [];
  let item = await running.next();
  for (; !item.done; item = await running.next()) {
    events.push(item.value);
    watch?.(item.value);
  }
  return { events, result: item.value, trained };
}

const kinds = (events: readonly SweepEvent[]): string => events.map(({ kind }) => kind).join(" ");
const ended = (events: readonly SweepEvent[]): readonly Extract<SweepEvent, { kind: "ended" }>[] =>
  events.flatMap((event) => (event.kind === "ended" ? [event] : []));

describe("sweep/sweep", () => {
  it("sweep() tries every point of a grid and names the best with the settings that all share", async () => {
    const { result, events, trained } = await run({
      method: "grid",
      steps: 5,
      settings: { mode: "frozen", epochs: 3 },
    });
    assert.deepEqual(
      trained.map(({ rate }) => rate),
      [1e-4, 1e-3, 1e-2, 1e-1, 1],
    );
    assert.equal(result.status, "done");
    assert.deepEqual(result.bestSettings, { mode: "frozen", epochs: 3, rate: 1e-2 });
    assert.deepEqual(
      result.rows.map(({ number }) => number),
      [3, 2, 4, 1, 5],
    );
    assert.equal(kinds(events), `plan${" trial training ended".repeat(5)}`);
    assert.deepEqual(
      ended(events).map(({ best, done }) => [best?.number, done]),
      [
        [1, 1],
        [2, 2],
        [3, 3],
        [3, 4],
        [3, 5],
      ],
    );
  });

  it("sweep() tries each point with every seed, from that of the settings on", async () => {
    const { result, trained } = await run({ trials: 2, seeds: 3, settings: { seed: 5 } });
    assert.deepEqual(
      trained.map(({ seed }) => seed),
      [5, 6, 7, 5, 6, 7],
    );
    assert.equal(new Set(trained.slice(0, 3).map(({ rate }) => rate)).size, 1);
    assert.ok(Math.abs((result.best?.quality?.deviation ?? 0) - 0.01) < 1e-9);
    assert.equal(result.bestSettings?.seed, 5);
  });

  it("sweep() goes on where a trial fails, and records why", async () => {
    const { result, trained } = await run({ method: "grid", steps: 5 }, undefined, ({ rate = 0 }) => {
      if (rate === 1) throw new ToolkitError("E_NONFINITE_LOSS", "Cannot go on training: the loss is NaN");
      if (rate === 0.01) throw new Error("a crash");
    });
    assert.equal(trained.length, 5);
    assert.equal(result.best?.point["rate"], 1e-3);
    assert.deepEqual(
      result.rows.slice(3).map(({ trials: [trial] }) => trial?.status === "failed" && [trial.code, trial.message]),
      [
        [null, "a crash"],
        ["E_NONFINITE_LOSS", "Cannot go on training: the loss is NaN"],
      ],
    );
  });

  it("sweep() comes to an end where every trial fails", async () => {
    const { result } = await run({ trials: 3 }, undefined, () => {
      throw new Error("no");
    });
    assert.deepEqual(
      [result.status, result.best, result.bestSettings, result.rows.length],
      ["done", undefined, undefined, 3],
    );
  });

  it("sweep() by halving gives the best of each rung more epochs, and ranks the last rung first", async () => {
    const { result, trained } = await run({ method: "halving", trials: 9, settings: { epochs: 9 } });
    assert.deepEqual(
      trained.map(({ epochs }) => epochs),
      [...Array<number>(9).fill(1), 3, 3, 3, 9],
    );
    const order = trained
      .slice(0, 9)
      .toSorted((a, b) => qualityOf(b) - qualityOf(a))
      .map(({ rate }) => rate);
    assert.deepEqual(
      trained.slice(9).map(({ rate }) => rate),
      [...order.slice(0, 3), order[0]],
    );
    assert.deepEqual([result.best?.point["rate"], result.best?.rung, result.rows.length], [order[0], 2, 9]);
    assert.equal(result.bestSettings?.epochs, 9);
  });

  it("sweep() by halving lets no failed trial go on", async () => {
    const worst = (rate: FineTuneSettings["rate"]): boolean => Number(rate) > 0.001;
    const { trained } = await run({ method: "halving", trials: 9, settings: { epochs: 9 } }, undefined, ({ rate }) => {
      if (worst(rate)) throw new Error("no");
    });
    assert.ok(trained.slice(0, 9).some(({ rate }) => worst(rate)));
    assert.ok(trained.slice(9).every(({ rate }) => !worst(rate)));
  });

  it("sweep() by halving decides the epochs itself", async () => {
    await assert.rejects(run({ method: "halving", space: { epochs: [1, 2] } }), { code: "E_SETTING" });
  });

  it("sweep() runs no trial again that its journal holds, and comes to the same result", async () => {
    const journal = heldJournal();
    const options = { trials: 6, seeds: 2, journal } as const;
    const stop = new AbortController();
    const first = await run({ ...options, signal: stop.signal }, (event) => {
      if (event.kind === "ended" && event.done === 5) stop.abort();
    });
    assert.deepEqual([first.result.status, first.trained.length], ["stopped", 5]);
    const second = await run(options);
    assert.deepEqual([second.result.status, second.trained.length], ["done", 7]);
    assert.deepEqual(
      ended(second.events).map(({ isKnown }) => isKnown),
      [...Array<boolean>(5).fill(true), ...Array<boolean>(7).fill(false)],
    );
    const whole = await run({ trials: 6, seeds: 2 });
    assert.deepEqual(second.result.rows, whole.result.rows);
    const more = await run({ ...options, trials: 8 });
    assert.equal(more.trained.length, 4, "two points more, and nothing else");
  });

  it("sweep() ends after the trial under way where its signal aborts", async () => {
    const stop = new AbortController();
    const { result, trained } = await run({ trials: 5, signal: stop.signal }, (event) => {
      if (event.kind === "training") stop.abort();
    });
    assert.deepEqual([result.status, trained.length, result.rows.length], ["stopped", 1, 1]);
    assert.equal(result.best?.trials[0]?.status, "done");
  });

  it("sweep() does not record what its own signal ended", async () => {
    const stop = new AbortController();
    const journal = heldJournal();
    const { result } = await run({ trials: 5, signal: stop.signal, journal }, undefined, () => {
      stop.abort();
      throw stop.signal.reason as Error;
    });
    assert.deepEqual([result.status, result.rows], ["stopped", []]);
  });

  it("sweep() refuses a grid of more points than it may try, and counts that are none", async () => {
    await assert.rejects(run({ method: "grid", steps: 5, trials: 4 }), {
      code: "E_SETTING",
      message: "Cannot sweep a grid of 5 points in 4 trials",
    });
    await assert.rejects(run({ trials: 0 }), { code: "E_SETTING" });
    await assert.rejects(run({ seeds: 1.5 }), { code: "E_SETTING" });
  });
});
