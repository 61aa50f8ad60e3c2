import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lossesAndOptimizers, main } from "../../recipes/losses-and-optimizers.ts";
import { inBatches, normalised, pick } from "../../recipes/losses-and-optimizers/digits.ts";
import type { Digits } from "../../recipes/losses-and-optimizers/digits.ts";
import { drawPage } from "../../recipes/losses-and-optimizers/draw-page.ts";
import { classesAndNumbers, ofRows } from "../../recipes/losses-and-optimizers/losses.ts";
import { denseNet } from "../../recipes/losses-and-optimizers/nets.ts";
import { withClassRows, withNumbers } from "../../recipes/losses-and-optimizers/numbers.ts";
import { histogram, smoothed } from "../../recipes/losses-and-optimizers/section.ts";
import { readNorms, watchNorms } from "../../recipes/losses-and-optimizers/watch-norms.ts";
import { openTraining } from "../../recipes/open-training.ts";
import { float32, scalar, tensor } from "../../toolkit/graph/tensor.ts";
import { batchContrastive } from "../../toolkit/losses/batch-contrastive.ts";
import { meanSquaredError } from "../../toolkit/losses/mean-squared-error.ts";
import { softmaxCrossEntropy } from "../../toolkit/losses/softmax-cross-entropy.ts";
import { sgd } from "../../toolkit/optimizers/sgd.ts";
import { chain } from "../../toolkit/optimizers/transform.ts";
import { lossFeeds } from "../../toolkit/train/loss-feeds.ts";
import { STEP } from "../../toolkit/train/step.ts";
import { lossAndGradients } from "../support/loss-graph.ts";
import { directRuntime } from "../support/run-graph.ts";

const SIDE = 28;

/** Pictures of one bar each, from the left bottom to the right top by `lean` pixels. */
function bars(leans: readonly number[]): Digits {
  const ink = new Float32Array(leans.length * SIDE * SIDE);
  for (const [i, lean] of leans.entries()) {
    for (let y = 4; y < 24; y++) ink[i * SIDE * SIDE + y * SIDE + 14 + Math.round(lean * (14 - y))] = 1;
  }
  return { ink, labels: Int32Array.from(leans, (_, i) => i % 10) };
}

describe("recipes/losses-and-optimizers", () => {
  it("lossesAndOptimizers() of --tiny holds what needs no learning, and draws every curve into one file", async function () {
    this.timeout(240_000);
    const out = await mkdtemp(join(tmpdir(), "onnx-graft-losses-"));
    try {
      const lines: string[] = [];
      const say = (line: string): void => void lines.push(line);
      const claims = await lossesAndOptimizers({ runtime: directRuntime, say, out, tiny: true });
      assert.deepEqual(
        claims.filter(({ holds }) => holds === false),
        [],
      );
      // inputs, start, falling losses, weights put back, five schedules, the best epoch
      assert.equal(claims.filter(({ holds }) => holds === true).length, 6);
      const html = await readFile(join(out, "report.html"), "utf8");
      assert.ok((html.match(/<svg/g) ?? []).length >= 20, "a chart for each curve");
      assert.doesNotMatch(html, /<script|src="http|href="http|NaN|undefined/);
      const { claims: written } = JSON.parse(await readFile(join(out, "result.json"), "utf8")) as { claims: object[] };
      assert.equal(written.length, claims.length);
    } finally {
      await rm(out, { recursive: true });
    }
  });

  it("main() refuses a seed that is no number", async () => {
    await assert.rejects(main(["--tiny", "--seed", "x"]), { code: "E_USAGE" });
  });

  it("watchNorms keeps the norms of gradients and weights, and changes no step", async () => {
    const digits = bars([0, 0.2, -0.3, 0.1]);
    const step = async (watched: boolean): Promise<{ weights: Float32Array; gradient: number; norm: number }> => {
      const optimizer = watched ? chain(watchNorms, sgd()) : sgd();
      const training = await openTraining(denseNet(10, 3, [5]), {
        runtime: directRuntime,
        loss: softmaxCrossEntropy(),
        optimizer,
      });
      const { session, parameters } = training;
      const before = (await session.get(["fc1.weight"])).get("fc1.weight")?.data as Float32Array;
      for await (const batch of inBatches(digits, Int32Array.of(0, 1, 2, 3), 4)) {
        const feeds = new Map([...batch.inputs, ...lossFeeds(batch, 10), [STEP.rate, scalar(1)] as const]);
        await session.run({ feeds, fetch: [STEP.loss] });
      }
      const weights = (await session.get(["fc1.weight"])).get("fc1.weight")?.data as Float32Array;
      const at = parameters.indexOf("fc1.weight");
      const norms = watched ? await readNorms(session, parameters) : { gradients: [], weights: [] };
      await session.release();
      assert.ok(!watched || Math.abs((norms.weights[at] ?? 0) - Math.hypot(...before)) < 1e-5);
      // at the rate 1 the weights lose exactly their gradient
      return {
        weights,
        gradient: Math.hypot(...weights.map((w, i) => w - (before[i] ?? 0))),
        norm: norms.gradients[at] ?? 0,
      };
    };
    const [plain, watched] = [await step(false), await step(true)];
    assert.deepEqual(watched.weights, plain.weights);
    assert.ok(Math.abs(watched.norm - plain.gradient) < 1e-5 * plain.gradient, `${watched.norm}, ${plain.gradient}`);
  });

  it("denseNet() starts as the course does: weights within √(6/inputs), biases within 1/√inputs, with their deviations", () => {
    const graph = denseNet(10, 0);
    for (const [name, { data, shape }] of graph.constants) {
      if (!name.startsWith("fc")) continue;
      const inputs = graph.constants.get(name.replace("bias", "weight"))?.shape[1] ?? 0;
      const bound = name.endsWith("bias") ? 1 / Math.sqrt(inputs) : Math.sqrt(6 / inputs);
      const values = Array.from(data as Float32Array);
      assert.ok(
        values.every((v) => Math.abs(v) <= bound),
        name,
      );
      const deviation = Math.hypot(...values) / Math.sqrt(values.length);
      assert.ok(shape.length === 1 || Math.abs(deviation / (bound / Math.sqrt(3)) - 1) < 0.1, `${name}: ${deviation}`);
    }
  });

  it("ofRows() is the loss of indices on rows that are 1 at their class", async () => {
    const logits = float32([4, 3], [1, 0, 0, 0.8, 0.1, 0, 0, 1, 0.2, 0.5, 0.5, 1]);
    const common = { logits, weight: float32([4], [1, 1, 1, 1]), divisor: scalar(4) };
    const target = tensor("int32", [4], Int32Array.of(0, 0, 2, 1));
    const rows = float32([4, 3], [1, 0, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0]);
    const expected = await lossAndGradients(batchContrastive(), { ...common, target });
    assert.deepEqual(await lossAndGradients(ofRows(batchContrastive()), { ...common, target: rows }), expected);
  });

  it("classesAndNumbers() is the cross-entropy of the classes and so many times the error of the numbers", async () => {
    const row = Array.from({ length: 12 }, (_, i) => i / 10);
    const target = [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 3, -1];
    const common = { weight: float32([1], [1]), divisor: scalar(1) };
    const part = async (from: number, to: number, loss: ReturnType<typeof meanSquaredError>): Promise<number> => {
      const shape = [1, to - from];
      const feeds = {
        ...common,
        logits: float32(shape, row.slice(from, to)),
        target: float32(shape, target.slice(from, to)),
      };
      return (await lossAndGradients(loss, feeds)).loss;
    };
    const expected = (await part(0, 10, softmaxCrossEntropy())) + 3 * (await part(10, 12, meanSquaredError()));
    const feeds = { ...common, logits: float32([1, 12], row), target: float32([1, 12], target) };
    const { loss } = await lossAndGradients(classesAndNumbers(3), feeds);
    assert.ok(Math.abs(loss - expected) < 1e-5, `${loss}, expected ${expected}`);
  });

  it("withNumbers() measures how far a stroke leans, in deviations of the pictures to learn from", () => {
    const learn = bars([-0.4, -0.2, 0, 0.2, 0.4]);
    const sets = { learn, validation: bars([0]), unseen: bars([0.4]) };
    const { targets = new Float32Array() } = withNumbers(sets, sets).learn;
    const leans = Array.from({ length: 5 }, (_, i) => targets[i * 2] ?? 0);
    // y grows downwards: a stroke to the right top has a negative moment
    assert.deepEqual(
      leans,
      leans.toSorted((a, b) => b - a),
    );
    assert.ok(Math.abs(Math.hypot(...leans) - Math.sqrt(5)) < 1e-5, leans.join());
    assert.ok(Math.abs((withNumbers(sets, sets).unseen.targets?.[0] ?? 0) - (leans[4] ?? 0)) < 1e-6);
  });

  it("withClassRows() puts the numbers behind the classes", () => {
    const digits = { ...bars([0, 0.1]), targets: Float32Array.of(5, 6, 7, 8) };
    const { targets = [] } = withClassRows(digits, 12);
    assert.deepEqual([...targets], [1, ...Array(9).fill(0), 5, 6, 0, 1, ...Array(8).fill(0), 7, 8]);
  });

  it("normalised() takes mean and deviation of the pictures to learn from, for all", () => {
    const learn = { ink: Float32Array.of(1, 3), labels: Int32Array.of(0, 1) };
    const other = { ink: Float32Array.of(4), labels: Int32Array.of(2) };
    const { mean, deviation, ...sets } = normalised({ learn, validation: other, unseen: other });
    assert.deepEqual([mean, deviation], [2, 1]);
    assert.deepEqual([...sets.learn.ink, ...sets.unseen.ink], [-1, 1, 2]);
    assert.deepEqual([...pick(learn, [1]).ink], [3]);
  });

  it("histogram() counts shares, and what lies outside at the ends; smoothed() keeps a straight line straight", () => {
    const points = histogram([0.1, 0.1, 0.9, 7], [0, 1], 2);
    assert.deepEqual(points, [
      [0.25, 0.5],
      [0.75, 0.5],
    ]);
    const line = smoothed(Array.from({ length: 100 }, (_, i) => i));
    assert.deepEqual(line.slice(10, 12), [
      [11, 10],
      [12, 11],
    ]);
  });

  it("drawPage() says what holds, what does not and what is open, and escapes what it is told", async () => {
    const claims = [
      { text: "a < b", holds: true, figures: "1" },
      { text: "c", holds: false, figures: "2" },
      { text: "d", holds: undefined, figures: "3" },
    ];
    const lines = [{ name: "x & y", points: [[1, 0.1] as const, [2, 10] as const] }];
    const section = {
      title: "Part",
      note: "<b>",
      claims,
      figures: [
        { kind: "lines", title: "Curve", xLabel: "step", logY: true, lines: [...lines, { name: "z", points: [] }] },
        { kind: "table", title: "Table", head: ["a", "b"], rows: [["r", "1"]] },
        { kind: "picture", title: "Picture", pixels: { width: 1, height: 1, data: Uint8Array.of(1, 2, 3) } },
      ] as const,
    };
    const html = await drawPage({ title: "T", sections: [section], note: "n" });
    assert.match(html, /1 of 3 claims hold, 1 are not judged/);
    assert.match(html, /Holds:<\/b> a &#60; b/);
    assert.match(html, /Does not hold:/);
    assert.match(html, /Not judged:/);
    assert.match(html, /x &#38; y/);
    assert.doesNotMatch(html, /<b>\./);
    assert.match(html, /data:image\/png/);
  });
});
