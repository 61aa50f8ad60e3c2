import assert from "node:assert/strict";
import { ToolkitError } from "../../toolkit/errors.ts";
import { autotune } from "../../toolkit/fine-tune/autotune.ts";
import type { AutotuneOptions, Candidate, Tuning } from "../../toolkit/fine-tune/autotune.ts";
import type { Runtime, Session } from "../../toolkit/runtime/runtime.ts";

/** A machine on which time passes only while a step runs. */
interface Machine {
  /** How long a step takes, by the formulations of its candidate, in milliseconds. */
  readonly stepMs: (forms: readonly string[], step: number) => number;
  /** What happens when a session is loaded, or nothing. */
  readonly load?: (forms: readonly string[]) => void;
}

/** What the formulations are replaced by; one that is not here has no alternative. */
const ALTERNATIVES: Readonly<Record<string, string>> = { fast: "slow", wide: "narrow", narrow: "scalar" };

const BLOCKED = ["fast", "only", "wide"];

function write(blockSize: number, without: ReadonlySet<string>): Candidate {
  const taken = (name: string): string =>
    without.has(name) && ALTERNATIVES[name] !== undefined ? taken(ALTERNATIVES[name]) : name;
  const forms = blockSize === 0 ? ["plain"] : BLOCKED.map(taken);
  return {
    formulations: { blockSize, forms },
    model: new TextEncoder().encode(forms.join()),
    options: { blockSize },
  };
}

interface Tuned {
  readonly tuning: Tuning | undefined;
  readonly notes: readonly string[];
  /** Formulations of every step that was run. */
  readonly steps: readonly string[];
  /** Most sessions at a time, and how many were left. */
  readonly most: number;
  readonly open: number;
}

async function tune(machine: Machine, given: Partial<AutotuneOptions> = {}): Promise<Tuned> {
  let [time, open, most] = [0, 0, 0];
  const steps: string[] = [];
  const load = async (model: Uint8Array): Promise<Session> => {
    const forms = new TextDecoder().decode(model).split(",");
    machine.load?.(forms);
    open += 1;
    most = Math.max(most, open);
    return {
      add: () => Promise.reject(new Error("no program is added")),
      set: async () => {},
      get: () => Promise.reject(new Error("no state is read")),
      run: async () => {
        time += machine.stepMs(forms, steps.length);
        steps.push(forms.join());
        return new Map();
      },
      release: async () => {
        open -= 1;
      },
    };
  };
  const runtime: Runtime = { name: "made-up", load };
  const run = autotune({
    runtime,
    now: () => time,
    blockSize: 16,
    write,
    state: new Map(),
    feeds: new Map(),
    fetch: [],
    ...given,
  });
  const notes: string[] = [];
  try {
    let item = await run.next();
    for (; !item.done; item = await run.next()) if (item.value.kind === "note") notes.push(item.value.text);
    return { tuning: item.value, notes, steps, most, open };
  } catch (error) {
    assert.equal(open, 0, "sessions are released where it fails");
    throw error;
  }
}

/** The sum over the formulations. */
function sumOf(times: Readonly<Record<string, number>>): Machine["stepMs"] {
  return (forms) => forms.reduce((sum, name) => sum + (times[name] ?? 0), 0);
}

describe("fine-tune/autotune", () => {
  it("takes what is faster, one after the other, and says how much", async () => {
    const stepMs = sumOf({ fast: 60, slow: 30, only: 20, wide: 20, narrow: 10, scalar: 30, plain: 200 });
    const { tuning, notes, most, open } = await tune({ stepMs });
    assert.deepEqual(tuning, {
      formulations: { blockSize: 16, forms: ["slow", "only", "narrow"] },
      stepMs: 60,
      defaultMs: 100,
    });
    assert.deepEqual(notes, [
      "trying plain operators: 100 % slower",
      "trying without fast: 30 % faster",
      "trying without wide: 14 % faster",
      "trying without narrow: 33 % slower",
    ]);
    assert.deepEqual([most, open], [2, 0], "two sessions at a time, and none in the end");
  });

  it("takes plain operators where they are faster throughout", async () => {
    const { tuning } = await tune({ stepMs: sumOf({ fast: 60, slow: 60, only: 20, wide: 20, narrow: 20, plain: 40 }) });
    assert.deepEqual(tuning, { formulations: { blockSize: 0, forms: ["plain"] }, stepMs: 40, defaultMs: 100 });
  });

  it("keeps the default on a tie, and where it gains less than 2 %", async () => {
    for (const slow of [60, 59, 58.1]) {
      const stepMs = sumOf({ fast: 60, slow, only: 20, wide: 20, narrow: 20, scalar: 20, plain: 100 });
      const { tuning } = await tune({ stepMs });
      assert.deepEqual(tuning, { formulations: { blockSize: 16, forms: BLOCKED }, stepMs: 100, defaultMs: 100 });
    }
    const { tuning } = await tune({
      stepMs: sumOf({ fast: 60, slow: 58, only: 20, wide: 20, narrow: 20, plain: 100 }),
    });
    assert.deepEqual(tuning?.formulations.forms, ["slow", "only", "wide"]);
  });

  it("is not misled by a machine that becomes slower, nor by a single step", async () => {
    const even = sumOf({ fast: 60, slow: 60, only: 20, wide: 20, narrow: 20, scalar: 20, plain: 100 });
    const throttling = await tune({ stepMs: (forms, step) => even(forms, step) * 1.005 ** step });
    assert.deepEqual(throttling.tuning?.formulations.forms, BLOCKED);
    const hiccup = await tune({ stepMs: (forms, step) => even(forms, step) * (step % 7 === 3 ? 3 : 1) });
    assert.deepEqual(hiccup.tuning?.formulations.forms, BLOCKED);
  });

  it("holds the choice against the default once more", async () => {
    // a formulation that is quick the first time only
    const once = (forms: readonly string[], step: number): number => (forms.includes("slow") && step < 20 ? 50 : 100);
    const { tuning, open } = await tune({ stepMs: once });
    assert.deepEqual(tuning?.formulations.forms, BLOCKED);
    assert.equal(tuning?.stepMs, tuning?.defaultMs);
    assert.equal(open, 0);
  });

  it("passes over a candidate that cannot be loaded or written, and says so of the first", async () => {
    const { tuning, notes, open } = await tune(
      {
        stepMs: sumOf({ fast: 60, slow: 30, only: 20, wide: 20, narrow: 10, scalar: 10 }),
        load: (forms) => {
          if (forms.includes("slow")) throw new ToolkitError("E_RUNTIME", "Cannot load the graph");
        },
      },
      {
        write(blockSize, without) {
          if (blockSize === 0) throw new ToolkitError("E_NOT_LOWERED", "Cannot write it");
          return write(blockSize, without);
        },
      },
    );
    assert.deepEqual(tuning?.formulations.forms, ["fast", "only", "narrow"]);
    assert.equal(notes[0], "trying without fast: left out: Cannot load the graph");
    assert.ok(!notes.some((note) => note.includes("plain")));
    assert.equal(open, 0);
  });

  it("fails where the default cannot be run, and on what is no error of the runtime", async () => {
    const load = (): never => {
      throw new ToolkitError("E_RUNTIME", "Cannot load the graph");
    };
    await assert.rejects(tune({ stepMs: () => 1, load }), { code: "E_RUNTIME" });
    const broken = (forms: readonly string[]): void => {
      if (forms.includes("plain")) throw new TypeError("broken");
    };
    await assert.rejects(tune({ stepMs: () => 1, load: broken }), TypeError);
  });

  it("has nothing to say where there is nothing to choose", async () => {
    const { tuning, notes } = await tune({ stepMs: () => 1 }, { blockSize: 0, write: () => write(0, new Set()) });
    assert.deepEqual([tuning, notes], [undefined, []]);
  });

  it("ends at once with the signal's reason", async () => {
    const abort = new AbortController();
    let steps = 0;
    const stepMs = (): number => {
      steps += 1;
      if (steps === 4) abort.abort(new Error("enough"));
      return 1;
    };
    await assert.rejects(tune({ stepMs }, { signal: abort.signal }), /enough/);
    assert.equal(steps, 4);
  });

  it("chooses nothing where the run is stopped", async () => {
    let asked = 0;
    const { tuning, notes, open } = await tune({ stepMs: () => 1 }, { isStopped: () => (asked += 1) > 1 });
    assert.deepEqual([tuning, notes.length, open], [undefined, 1, 0]);
  });
});
