import { errorCode, errorMessage, ToolkitError } from "../errors.ts";
import type { LoadOptions, Runtime, Session, Tensors } from "../runtime/runtime.ts";
import type { FineTuneEvent } from "./events.ts";
import type { Formulations } from "./formulations.ts";

/** A way to write a step, and what a session is loaded with. */
export interface Candidate {
  readonly formulations: Formulations;
  readonly model: Uint8Array;
  readonly options: LoadOptions;
}

/** The formulations that are quickest on a machine, and how long a step takes, in milliseconds: in them, and as it is written by default; equal where that is best. */
export interface Tuning {
  readonly formulations: Formulations;
  readonly stepMs: number;
  readonly defaultMs: number;
}

export interface AutotuneOptions {
  readonly runtime: Runtime;
  /** A clock in milliseconds that never goes back. */
  readonly now: () => number;
  /** Of the default: channels in a block, 0 for plain operators. */
  readonly blockSize: number;
  /** Writes the step without some formulations, wherever another serves. May throw E_NOT_LOWERED. */
  readonly write: (blockSize: number, without: ReadonlySet<string>) => Candidate;
  readonly state: Tensors;
  readonly feeds: Tensors;
  readonly fetch: readonly string[];
  /** Asked before each candidate: where it is so, nothing is chosen. */
  readonly isStopped?: () => boolean;
  /** Ends the measuring with its reason after the step that is under way. */
  readonly signal?: AbortSignal;
}

/** A candidate whose session is loaded and warm. */
interface Running {
  readonly candidate: Candidate;
  readonly session: Session;
}

/** Timed steps of each of two that are compared. An odd number has a middle one. */
const TIMED_STEPS = 3;
/** What is not quicker by this share may be so by chance. */
const WORTH = 0.02;

/**
 * Times ways to write a step on this machine: as it is by default, in plain operators, and then without each of the formulations that were taken. What is at least
 * 2 % quicker than the best so far takes its place, and the last one is held against the default once more. Tells each trial as a note; nothing is returned where
 * there was no choice, or the run was stopped. Two sessions are loaded at a time.
 * @throws E_RUNTIME, E_RUN where the default cannot be run; the signal's reason
 */
export async function* autotune(options: AutotuneOptions): AsyncGenerator<FineTuneEvent, Tuning | undefined> {
  const standard = options.write(options.blockSize, new Set());
  let best = await start(standard, options);
  let defaultMs: number | undefined;
  const tried = new Set<string>();
  let without: ReadonlySet<string> = new Set();
  const next = (): string | undefined => trialsOf(standard, best.candidate).find((trial) => !tried.has(trial));
  try {
    for (let trial = next(); trial !== undefined; trial = next()) {
      if (options.isStopped?.()) return undefined;
      tried.add(trial);
      const lacking = trial === PLAIN ? without : new Set([...without, trial]);
      const candidate = written(trial === PLAIN ? 0 : best.candidate.formulations.blockSize, lacking, options);
      if (!candidate) continue;
      const outcome = await challenge(best, candidate, options);
      if (outcome.winner !== best) without = lacking;
      best = outcome.winner;
      defaultMs ??= outcome.bestMs;
      yield { kind: "note", text: `trying ${trial === PLAIN ? PLAIN : `without ${trial}`}: ${outcome.text}` };
    }
    if (best.candidate === standard)
      return defaultMs === undefined
        ? undefined
        : { formulations: standard.formulations, stepMs: defaultMs, defaultMs };
    const last = await decide(best, standard, options);
    best = last.winner;
    return last.tuning;
  } finally {
    await best.session.release();
  }
}

const PLAIN = "plain operators";

/** Plain operators, where the default is none of these, and the formulations that might be left out. */
function trialsOf(standard: Candidate, best: Candidate): readonly string[] {
  return [...(standard.formulations.blockSize > 0 ? [PLAIN] : []), ...best.formulations.forms];
}

/** The step without some formulations; nothing where it cannot be written, or nothing else can take their place. */
function written(blockSize: number, without: ReadonlySet<string>, options: AutotuneOptions): Candidate | undefined {
  try {
    const candidate = options.write(blockSize, without);
    return candidate.formulations.forms.some((name) => without.has(name)) ? undefined : candidate;
  } catch (error) {
    if (errorCode(error) === "E_NOT_LOWERED") return undefined;
    throw error;
  }
}

/** Loads a candidate, and runs a first step, which is slower than the others. */
async function start(candidate: Candidate, options: AutotuneOptions): Promise<Running> {
  options.signal?.throwIfAborted();
  const session = await options.runtime.load(candidate.model, candidate.options);
  const running = { candidate, session };
  try {
    await session.set(options.state);
    await timeStep(running, options);
    return running;
  } catch (error) {
    await session.release();
    throw error;
  }
}

interface Outcome {
  readonly winner: Running;
  readonly text: string;
  readonly bestMs?: number;
}

/** Compares a candidate with the best so far; whichever loses is released. */
async function challenge(best: Running, candidate: Candidate, options: AutotuneOptions): Promise<Outcome> {
  let challenger: Running;
  try {
    challenger = await start(candidate, options);
  } catch (error) {
    if (!(error instanceof ToolkitError)) throw error;
    return { winner: best, text: `left out: ${errorMessage(error)}` };
  }
  let winner = best;
  try {
    const [bestMs, ms] = await compare(best, challenger, options);
    if (isWorth(ms, bestMs)) winner = challenger;
    return { winner, text: comparison(ms, bestMs), bestMs };
  } finally {
    await (winner === best ? challenger : best).session.release();
  }
}

/** Holds what the trials have come to against the default: each step on the way was one of several, of which chance favours some. */
async function decide(
  best: Running,
  standard: Candidate,
  options: AutotuneOptions,
): Promise<{ readonly winner: Running; readonly tuning: Tuning }> {
  const other = await start(standard, options);
  let winner = best;
  try {
    const [stepMs, defaultMs] = await compare(best, other, options);
    if (!isWorth(stepMs, defaultMs)) winner = other;
    const { formulations } = winner.candidate;
    return { winner, tuning: { formulations, stepMs: winner === best ? stepMs : defaultMs, defaultMs } };
  } finally {
    await (winner === best ? other : best).session.release();
  }
}

/** The middle times of a step of both, taken in turn: a machine becomes slower and quicker by itself. */
async function compare(a: Running, b: Running, options: AutotuneOptions): Promise<readonly [number, number]> {
  const times: [number[], number[]] = [[], []];
  for (let i = 0; i < TIMED_STEPS; i++) {
    times[0].push(await timeStep(a, options));
    times[1].push(await timeStep(b, options));
  }
  return [middle(times[0]), middle(times[1])];
}

async function timeStep({ session }: Running, { now, feeds, fetch, signal }: AutotuneOptions): Promise<number> {
  const before = now();
  await session.run({ feeds, fetch });
  const spent = now() - before;
  signal?.throwIfAborted();
  return spent;
}

function middle(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
}

function isWorth(ms: number, insteadOf: number): boolean {
  return ms <= (1 - WORTH) * insteadOf;
}

function comparison(ms: number, bestMs: number): string {
  const percent = Math.round(100 * (1 - ms / bestMs));
  if (percent === 0) return "as fast";
  return percent > 0 ? `${percent} % faster` : `${-percent} % slower`;
}
