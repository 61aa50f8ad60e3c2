import assert from "node:assert/strict";
import { uniform } from "../../toolkit/graph/random.ts";
import { float32, scalar, sizeOf, tensor, toNumbers } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import type { Loss } from "../../toolkit/losses/loss.ts";
import { loadLoss, lossAndGradients } from "./loss-graph.ts";
import type { LossFeeds, LossResult } from "./loss-graph.ts";

export interface LossSuiteOptions {
  /** Shapes of the logits. */
  readonly shapes?: readonly (readonly number[])[];
  /** Rows that are distributions, not one class each. */
  readonly soft?: boolean;
  /** Numbers on a grid of 0.3, away from where a loss has a kink; or anywhere, for losses of distances, and ten times as far apart for those that choose among them. */
  readonly draw?: "grid" | "anywhere" | "apart";
  /** The extras that have no gradient, such as a teacher's logits. */
  readonly fixed?: readonly string[];
}

const SHAPES: readonly (readonly number[])[] = [
  [6, 5],
  [1, 5],
  [4, 1],
  [1, 1],
  [3, 2],
  [2, 3, 2, 4],
];
/** Shapes of logits for losses that are told something of each of three classes. */
export const THREE_CLASSES: readonly (readonly number[])[] = [
  [6, 3],
  [1, 3],
  [2, 3, 4],
  [5, 3],
  [3, 3, 2, 2],
];
/** Shapes of features for losses of distances. */
export const FEATURES: readonly (readonly number[])[] = [
  [6, 5],
  [1, 5],
  [4, 2],
  [5, 1],
  [3, 8],
];
const STEP = 1e-2;
const DIRECTIONS = 3;
const RELATIVE = 1e-2;
const EXTREME = 1e4;
/** Near the largest float32: its square is infinite. */
const GARBAGE = 3e38;

/** What every loss must hold: finite differences, extreme numbers, rows of weight 0, and no row that counts at all. */
export function lossSuite(title: string, loss: Loss, options: LossSuiteOptions = {}): void {
  const { shapes = SHAPES } = options;
  for (const shape of shapes) {
    it(`${title} matches finite differences on [${shape.join()}]`, () =>
      checkDifferences(loss, feedsFor(loss, shape, options)));
  }
  const shape = shapes.find(([rows = 0]) => rows > 2) ?? [];
  it(`${title} matches finite differences with a named count of rows`, () =>
    checkDifferences(loss, { ...feedsFor(loss, shape, options), symbolic: true }));

  it(`${title} and its gradients stay finite where numbers are +-${EXTREME}`, async () => {
    const feeds = mapFloats(feedsFor(loss, shape, options), (v) => (v < 0 ? -EXTREME : EXTREME));
    const result = await lossAndGradients(loss, feeds);
    assert.ok(Number.isFinite(result.loss), `the loss is ${result.loss}`);
    for (const [name, t] of result.gradients)
      assert.ok(toNumbers(t).every(Number.isFinite), `the gradient of ${name} has [${toNumbers(t).join()}]`);
  });

  it(`${title} takes nothing from rows of weight 0, whatever they hold`, async () => {
    const feeds = feedsFor(loss, shape, options);
    const weight = toNumbers(feeds.weight).map((w, i) => (i % 2 === 1 ? 0 : w));
    const clean = { ...feeds, weight: float32([weight.length], weight) };
    const run = await loadLoss(loss, clean);
    const expected = await run(clean);
    const actual = await run(withGarbage(clean));
    await run.release();
    assert.deepEqual(actual, expected);
    assert.notEqual(expected.loss, 0);
    for (const t of expected.gradients.values()) {
      const row = t.data.length / (t.shape[0] ?? 1);
      assert.ok(toNumbers(t).every((g, i) => Math.floor(i / row) % 2 === 0 || g === 0));
    }
    assertClose(actual, await lossAndGradients(loss, counted(clean)));
  });

  for (const divisor of [1e-12, 0]) {
    it(`${title} is 0 and has no gradient where no row counts, over a divisor of ${divisor}`, async () => {
      const feeds = feedsFor(loss, shape, options);
      const none = { ...feeds, weight: float32(feeds.weight.shape, new Float32Array(feeds.weight.data.length)) };
      const result = await lossAndGradients(loss, withGarbage({ ...none, divisor: scalar(divisor) }));
      assert.equal(Math.abs(result.loss), 0);
      for (const t of result.gradients.values()) assert.ok(toNumbers(t).every((g) => g === 0));
    });
  }
}

/** Random feeds of a loss whose logits have `shape`, with weights from 0.5 to 1.5. */
export function feedsFor(loss: Loss, shape: readonly number[], options: LossSuiteOptions = {}): LossFeeds {
  const { draw = "grid", fixed = [] } = options;
  const [rows = 1] = shape;
  const numbers = (stream: number, shift: number): TensorData =>
    float32(
      shape,
      Array.from({ length: sizeOf(shape) }, (_, i) => {
        const u = uniform(5, stream, i);
        return shift + (draw === "grid" ? 0.3 * (Math.floor(u * 15) - 7) : (draw === "apart" ? 10 : 1) * (4 * u - 2));
      }),
    );
  const target = targetFor(loss, shape, options);
  const reads = loss.reads ?? [];
  return {
    logits: numbers(1, 0.02),
    ...(target ? { target } : {}),
    weight: float32(
      [rows],
      Array.from({ length: rows }, (_, i) => 0.5 + uniform(5, 2, i)),
    ),
    divisor: scalar(rows),
    extras: new Map(reads.map((name, i) => [name, numbers(10 + i, 0)])),
    wrt: ["logits", ...reads.filter((name) => !fixed.includes(name))],
  };
}

function targetFor(loss: Loss, shape: readonly number[], { soft = false }: LossSuiteOptions): TensorData | undefined {
  const [rows = 1, classes = 1, ...places] = shape;
  const inner = sizeOf(places);
  const random = Array.from({ length: sizeOf(shape) }, (_, i) => uniform(5, 3, i));
  switch (loss.target ?? "class-distribution") {
    case "none":
      return undefined;
    case "pair":
      return float32(
        [rows],
        Array.from({ length: rows }, (_, i) => (i + 1) % 2),
      );
    case "class-ids":
      return tensor(
        "int32",
        [rows, ...places],
        Int32Array.from({ length: rows * inner }, (_, i) => Math.floor(i / 3) % classes),
      );
    case "multi-label":
      return float32(
        shape,
        random.map((u) => (u < 0.4 ? 1 : 0)),
      );
    case "values":
      // the grid of the logits is 0.02 beside this one, a kink at 0 or at a multiple of 0.5 thus 0.02 away at least
      return float32(
        shape,
        random.map((u) => 0.3 * (Math.floor(u * 15) - 7) + 0.12),
      );
    case "class-distribution":
      return soft ? softRows(shape, random) : hardRows(shape);
  }
  throw new Error(`no feeds are known for the target "${loss.target ?? ""}"`);
}

/** One class for each row or pixel. */
function hardRows(shape: readonly number[]): TensorData {
  const [, classes = 1, ...places] = shape;
  const inner = sizeOf(places);
  const isClass = (i: number): boolean => {
    const [place, k, row] = [i % inner, Math.floor(i / inner) % classes, Math.floor(i / (inner * classes))];
    return k === (row + place) % classes;
  };
  return float32(
    shape,
    Array.from({ length: sizeOf(shape) }, (_, i) => (isClass(i) ? 1 : 0)),
  );
}

/** Numbers over their sum over the classes. */
function softRows(shape: readonly number[], numbers: readonly number[]): TensorData {
  const [, classes = 1, ...places] = shape;
  const inner = sizeOf(places);
  const total = (i: number): number => {
    const first = i - inner * (Math.floor(i / inner) % classes);
    return Array.from({ length: classes }, (_, k) => numbers[first + k * inner] ?? 0).reduce((sum, v) => sum + v, 0);
  };
  return float32(
    shape,
    numbers.map((v, i) => v / total(i)),
  );
}

async function checkDifferences(loss: Loss, feeds: LossFeeds): Promise<void> {
  const run = await loadLoss(loss, feeds);
  const { gradients } = await run(feeds);
  assert.deepEqual([...gradients.keys()], feeds.wrt);
  for (const [name, gradient] of gradients) {
    const x = name === "logits" ? feeds.logits : feeds.extras?.get(name);
    assert.ok(x);
    assert.deepEqual([...gradient.shape], [...x.shape]);
    for (let k = 0; k < DIRECTIONS; k++) {
      const direction = Array.from({ length: x.data.length }, (_, i) => 2 * uniform(5, 900 + k, i) - 1);
      const moved = async (sign: number): Promise<number> => {
        const t = float32(
          x.shape,
          toNumbers(x).map((v, i) => v + sign * STEP * (direction[i] ?? 0)),
        );
        const at = name === "logits" ? { ...feeds, logits: t } : withExtra(feeds, name, t);
        return (await run(at)).loss;
      };
      const slope = ((await moved(1)) - (await moved(-1))) / (2 * STEP);
      const parts = toNumbers(gradient).map((g, i) => g * (direction[i] ?? 0));
      const claimed = parts.reduce((sum, v) => sum + v, 0);
      const scale = Math.max(Math.abs(slope), Math.hypot(...parts), 1e-2);
      assert.ok(
        Math.abs(slope - claimed) <= RELATIVE * scale,
        `${loss.name}, gradient of ${name}: ${claimed}, differences say ${slope} (direction ${k})`,
      );
    }
  }
  await run.release();
}

function withExtra(feeds: LossFeeds, name: string, t: TensorData): LossFeeds {
  return { ...feeds, extras: new Map([...(feeds.extras ?? []), [name, t]]) };
}

/** The feeds with every number of logits and extras passed through `f`. */
function mapFloats(feeds: LossFeeds, f: (v: number) => number): LossFeeds {
  const map = (t: TensorData): TensorData => float32(t.shape, toNumbers(t).map(f));
  return {
    ...feeds,
    logits: map(feeds.logits),
    extras: new Map([...(feeds.extras ?? [])].map(([name, t]) => [name, map(t)])),
  };
}

/** The feeds with numbers of the largest size, of both signs, in all rows of weight 0. */
function withGarbage(feeds: LossFeeds): LossFeeds {
  const weight = toNumbers(feeds.weight);
  const spoil = (t: TensorData): TensorData => {
    const row = t.data.length / weight.length;
    const data = t.data.slice();
    const large = t.dtype === "float32" ? GARBAGE : 1e9;
    for (let i = 0; i < data.length; i++) {
      if (weight[Math.floor(i / row)] === 0) data[i] = i % 2 === 0 ? large : -large;
    }
    return { ...t, data };
  };
  return {
    ...feeds,
    logits: spoil(feeds.logits),
    ...(feeds.target ? { target: spoil(feeds.target) } : {}),
    extras: new Map([...(feeds.extras ?? [])].map(([name, t]) => [name, spoil(t)])),
  };
}

/** The feeds without their rows of weight 0. */
function counted(feeds: LossFeeds): LossFeeds {
  const weight = toNumbers(feeds.weight);
  const keep = (t: TensorData): TensorData => {
    const row = t.data.length / weight.length;
    const data = t.data.filter((_: unknown, i: number) => weight[Math.floor(i / row)] !== 0);
    return tensor(t.dtype, [data.length / row, ...t.shape.slice(1)], data);
  };
  return {
    ...feeds,
    logits: keep(feeds.logits),
    ...(feeds.target ? { target: keep(feeds.target) } : {}),
    weight: keep(feeds.weight),
    extras: new Map([...(feeds.extras ?? [])].map(([name, t]) => [name, keep(t)])),
  };
}

/** Equal losses, and equal gradients of the rows that both have, to float32's digits. */
function assertClose(all: LossResult, few: LossResult): void {
  assert.ok(Math.abs(all.loss - few.loss) <= 1e-6 * Math.max(1, Math.abs(few.loss)), `${all.loss}, ${few.loss}`);
  for (const [name, t] of few.gradients) {
    const whole = all.gradients.get(name);
    assert.ok(whole);
    const row = t.data.length / (t.shape[0] ?? 1);
    const kept = toNumbers(whole).filter((_, i) => Math.floor(i / row) % 2 === 0);
    for (const [i, g] of toNumbers(t).entries())
      assert.ok(Math.abs((kept[i] ?? Number.NaN) - g) <= 1e-6 * Math.max(1, Math.abs(g)), `${kept[i]}, ${g}`);
  }
}
