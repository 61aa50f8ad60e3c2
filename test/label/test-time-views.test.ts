import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SourceModel } from "../../toolkit/export/source-model.ts";
import { uniform } from "../../toolkit/graph/random.ts";
import type { Pixels } from "../../toolkit/images/decoder.ts";
import { evaluationView, resample, shorterSideSize } from "../../toolkit/images/resample.ts";
import { sharpDecoder } from "../../toolkit/images/sharp.ts";
import { evaluateTagger } from "../../toolkit/label/evaluate-tagger.ts";
import { openTagger } from "../../toolkit/label/tagger.ts";
import type { LabelledPhoto, Tagger } from "../../toolkit/label/tagger.ts";
import { meanRow, placedView, testTimeViews } from "../../toolkit/label/test-time-views.ts";
import type { TestTimeViews } from "../../toolkit/label/test-time-views.ts";
import { readModelFile } from "../../toolkit/onnx/read-file.ts";
import { fixture } from "../support/fixtures.ts";
import { directRuntime } from "../support/run-graph.ts";
import { writeToyPhotos } from "../support/toy-photos.ts";

const SIZES = { sizePx: 32, resizePx: 40 };

function noise(width: number, height: number): Pixels {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => Math.floor(256 * uniform(5, width, i)));
  return { width, height, data };
}

/** The square at `left`, `top` of a picture, pixel by pixel. */
function cropped({ width, data }: Pixels, left: number, top: number, side: number, flip: boolean): Pixels {
  const out = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const from = (top + y) * width + left + (flip ? side - 1 - x : x);
      out.set(data.subarray(from * 3, from * 3 + 3), (y * side + x) * 3);
    }
  }
  return { width: side, height: side, data: out };
}

describe("label/test-time-views", () => {
  it("flip is the middle and its mirror, five the middle and the corners, ten these and their mirrors", () => {
    const picture = noise(50, 40);
    const seen = (views: TestTimeViews): readonly Pixels[] =>
      testTimeViews(views, SIZES).map((view) => placedView(picture, 32, view));
    const square = (left: number, top: number, flip = false): Pixels => cropped(picture, left, top, 32, flip);
    const five = [square(9, 4), square(0, 0), square(18, 0), square(0, 8), square(18, 8)];
    assert.deepEqual(seen("flip"), [square(9, 4), square(9, 4, true)]);
    assert.deepEqual(seen("five"), five);
    const corners = [0, 18].map((left) => [0, 8].flatMap((top) => [square(left, top), square(left, top, true)]));
    const ten = seen("ten");
    assert.deepEqual(ten.slice(0, 2), seen("flip"));
    assert.equal(ten.length, 10);
    for (const expected of corners.flat()) assert.ok(ten.some((p) => Buffer.compare(p.data, expected.data) === 0));
  });

  it("a number takes so many: ten, then the whole shorter side at both ends, at the network's own size", () => {
    const picture = noise(50, 40);
    const all = testTimeViews(16, SIZES);
    assert.deepEqual(testTimeViews(10, SIZES), testTimeViews("ten", SIZES));
    assert.deepEqual(testTimeViews(1, SIZES), [{ resizePx: 40, x: 0.5, y: 0.5, flip: false }]);
    assert.deepEqual(testTimeViews(2, SIZES), testTimeViews("flip", SIZES));
    const small = resample(picture, shorterSideSize(picture, 32));
    assert.deepEqual([small.width, small.height], [40, 32]);
    const seen = all.slice(10).map((view) => placedView(picture, 32, view));
    const expected = [4, 0, 8].flatMap((left) => [
      cropped(small, left, 0, 32, false),
      cropped(small, left, 0, 32, true),
    ]);
    assert.deepEqual(seen, expected);
    assert.equal(new Set(all.map((view) => JSON.stringify(view))).size, 16);
  });

  it("the first view is what the network sees without any others, for any form of picture", () => {
    for (const [width, height] of [
      [40, 40],
      [41, 63],
      [77, 50],
      [33, 200],
    ] as const) {
      const picture = noise(width, height);
      const [first] = testTimeViews("ten", SIZES);
      assert.deepEqual(placedView(picture, 32, first ?? assert.fail()), evaluationView(picture, 32, 40));
    }
  });

  it("refuses views that there are not", () => {
    const wrong: readonly unknown[] = [0, 17, 1.5, -1, Number.NaN, "six"];
    for (const views of wrong) {
      assert.throws(() => testTimeViews(views as TestTimeViews, SIZES), {
        code: "E_SETTING",
        message: /expected flip, five, ten or a whole number from 1 to 16$/,
      });
    }
    // a photo that is no larger than the square has no smaller one
    assert.throws(() => testTimeViews(11, { sizePx: 32, resizePx: 32 }), /from 1 to 10$/);
  });

  it("averages rows", () => {
    const rows = [Float32Array.of(1, 0, 0.5), Float32Array.of(0, 0.5, 0.5), Float32Array.of(0.5, 0.25, 0.5)];
    assert.deepEqual(meanRow(rows), Float32Array.of(0.5, 0.25, 0.5));
    assert.deepEqual(meanRow(rows.slice(0, 1)), rows[0]);
  });
});

describe("label/tagger, several views", () => {
  const labels = ["red", "green", "blue", ...Array.from({ length: 7 }, (_, i) => `other ${i}`)];
  let folder = "";
  let source: SourceModel;
  let photos: readonly string[] = [];
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "onnx-graft-views-"));
    await writeToyPhotos(folder, { train: 1, validation: 2, sizePx: 64 });
    await writeFile(join(folder, "broken.png"), "no picture");
    const model = await readModelFile(fixture("resnet18-width8/folded.onnx"));
    source = { model, name: "small", sha256: "", sizePx: 32, labels };
    photos = ["red", "green", "blue"].flatMap((name) =>
      [0, 1].map((i) => join(folder, "val", name, `${name}-${i}.png`)),
    );
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function withTagger<T>(views: TestTimeViews | undefined, use: (tagger: Tagger) => Promise<T>): Promise<T> {
    const tagger = await openTagger({
      source,
      runtime: directRuntime,
      decoder: sharpDecoder(),
      batchSize: 4,
      ...(views === undefined ? {} : { views }),
    });
    try {
      return await use(tagger);
    } finally {
      await tagger.close();
    }
  }

  /** Probabilities in the order of the classes. */
  function row({ labels: found }: LabelledPhoto): readonly number[] {
    return labels.map((name) => found.find((l) => l.label === name)?.weight ?? Number.NaN);
  }

  function assertNear(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
    assert.equal(actual.length, expected.length);
    for (let i = 0; i < actual.length; i++) assert.ok(Math.abs(actual[i]! - expected[i]!) < 1e-5, `at ${i}`);
  }

  for (const views of ["flip", "five", "ten", 16, 3] as const) {
    it(`${views}: probabilities are the mean over the views, features those of the plain one`, async () => {
      const plain = await withTagger(undefined, (tagger) => tagger.label(photos[0] ?? "", { top: 10 }));
      await withTagger(views, async (tagger) => {
        const seen = await tagger.label(photos[0] ?? "", { top: 10 });
        const { sizePx, resizePx } = tagger.metadata.preprocessing;
        const decoded = await sharpDecoder().decode(photos[0] ?? "", { minSidePx: resizePx });
        const pictures = testTimeViews(views, { sizePx, resizePx }).map((view) => placedView(decoded, sizePx, view));
        const { probabilities } = await tagger.predict(pictures);
        const mean = labels.map((_, k) => probabilities.reduce((sum, p) => sum + (p[k] ?? 0), 0) / pictures.length);
        assertNear(row(seen), mean);
        assertNear(seen.features, plain.features);
        const moved = Math.max(...row(seen).map((p, k) => Math.abs(p - (row(plain)[k] ?? 0))));
        assert.ok(moved > 1e-6, "other views say something else");
      });
    });
  }

  it("labels many photos as it labels one, in their order, past one that cannot be read", async () => {
    const files = [...photos.slice(0, 3), join(folder, "broken.png"), ...photos.slice(3)];
    await withTagger("ten", async (tagger) => {
      let next = 0;
      for await (const photo of tagger.labelAll(files, { top: 10 })) {
        assert.equal(photo.file, files[next++]);
        if ("error" in photo) {
          assert.match(photo.file, /broken/);
          assert.equal(photo.error.code, "E_IMAGE_FORMAT");
        } else assertNear(row(photo), row(await tagger.label(photo.file, { top: 10 })));
      }
      assert.equal(next, files.length);
    });
  });

  it("evaluates on the mean of the views", async () => {
    const samples = photos.map((path, i) => ({ path, id: path, label: Math.floor(i / 2) }));
    const probabilities = async (views?: TestTimeViews): Promise<readonly Float32Array[]> =>
      withTagger(views, async (tagger) => {
        const run = evaluateTagger(tagger, samples);
        let item = await run.next();
        while (!item.done) item = await run.next();
        const { evaluation } = item.value;
        assert.equal(evaluation.count, 6);
        return samples.map((_, i) => evaluation.probabilities.slice(i * 10, (i + 1) * 10));
      });
    const flipped = await probabilities("flip");
    await withTagger("flip", async (tagger) => {
      for (const [i, path] of photos.entries())
        assertNear(flipped[i] ?? [], row(await tagger.label(path, { top: 10 })));
    });
    assert.notDeepEqual(flipped, await probabilities());
  });
});
