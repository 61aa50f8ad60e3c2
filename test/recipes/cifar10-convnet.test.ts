import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finalClaim, learnConvnets, main } from "../../recipes/cifar10-convnet.ts";
import type { Cifar10ConvnetOptions } from "../../recipes/cifar10-convnet.ts";
import { COURSE_DENSE, COURSE_WINDOWS, denseWeights, sizesOf } from "../../recipes/cifar10-convnet/by-formula.ts";
import { drawnPictures, someOf } from "../../recipes/cifar10-convnet/pictures.ts";
import { ablation, baseline, everything } from "../../recipes/cifar10-convnet/steps.ts";
import { drawPictures } from "../../recipes/two-layer-net/pictures.ts";

interface Result {
  readonly rows: readonly { readonly id: string; readonly epochs: readonly object[]; readonly top1: number }[];
  readonly claims: readonly { readonly holds?: boolean }[];
}

describe("recipes/cifar10-convnet", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "onnx-graft-convnet-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** The recipe on drawn pictures, and what it said. */
  async function tiny(options: Partial<Cifar10ConvnetOptions> = {}): Promise<string> {
    const lines: string[] = [];
    const say = (line: string): void => void lines.push(line);
    await learnConvnets({ say, out: join(folder, "out"), cacheFolder: join(folder, "cache"), ...options });
    return lines.join("\n");
  }

  const result = async (): Promise<Result> =>
    JSON.parse(await readFile(join(folder, "out", "result.json"), "utf8")) as Result;

  it("learnConvnets() on drawn pictures prints sizes, trains rows of all parts, and writes table and curves; once", async function () {
    this.timeout(240_000);
    const text = await tiny();
    assert.match(text, /conv2 +Conv +1x64x16x16 +51,200 +14 px/);
    assert.match(text, /1,191,010 parameters/);
    const { rows, claims } = await result();
    assert.deepEqual(
      rows.map(({ id }) => id),
      ["baseline", "everything", "dropout", "amsgrad", "noise"],
    );
    assert.ok(rows.every(({ epochs }) => epochs.length === 1));
    assert.deepEqual(
      claims.map(({ holds }) => holds),
      [true, undefined, undefined],
    );
    const table = await readFile(join(folder, "out", "result.md"), "utf8");
    assert.equal(table.split("\n").filter((line) => line.startsWith("| 48, seed 0")).length, 3);
    const html = await readFile(join(folder, "out", "curves.html"), "utf8");
    assert.equal(html.match(/<svg/g)?.length, 10);

    const again = await tiny();
    assert.equal(again.match(/known: /g)?.length, 5);
    assert.ok(!again.includes("epoch "), again);
    assert.deepEqual((await result()).rows, rows);
  });

  it("learnConvnets() trains only the parts it is told to, goes on where it was stopped, and brings all together", async function () {
    this.timeout(240_000);
    const stop = new AbortController();
    const say = (line: string): void => {
      if (line.startsWith("\nfinal")) stop.abort();
    };
    await assert.rejects(tiny({ only: ["final"], say, signal: stop.signal }), { code: "E_STOPPED" });
    assert.deepEqual(await readdir(join(folder, "out", "final")), ["seed-0"]);
    await tiny({ only: ["final"] });
    assert.deepEqual(
      (await result()).rows.map(({ id }) => id),
      ["everything"],
    );
    const text = await tiny({ only: ["baseline", "dropout"] });
    assert.ok(!text.includes("known"), text);
    assert.deepEqual(
      (await result()).rows.map(({ id }) => id),
      ["baseline", "everything", "dropout"],
    );
  });

  it("sizesOf() and denseWeights() give the sizes of ResNet's stem, and the 1,190,000 weights of the course's network", () => {
    const stem = [
      { name: "conv", kernel: 7, stride: 2, pad: 3, channels: 64 },
      { name: "pool", kernel: 3, stride: 2, pad: 1 },
    ];
    assert.deepEqual(sizesOf(stem, { channels: 3, sidePx: 224 }), [
      { name: "conv", channels: 64, sidePx: 112, weights: 9408, seesPx: 7 },
      { name: "pool", channels: 64, sidePx: 56, weights: 0, seesPx: 11 },
    ]);
    const sizes = sizesOf(COURSE_WINDOWS, { channels: 3, sidePx: 32 });
    assert.deepEqual(
      sizes.map(({ sidePx, seesPx }) => [sidePx, seesPx]),
      [
        [32, 5],
        [16, 6],
        [16, 14],
        [8, 16],
        [8, 32],
        [4, 36],
      ],
    );
    const weights = [...sizes.map((size) => size.weights), ...denseWeights(4 * 4 * 64, COURSE_DENSE)];
    assert.equal(
      weights.reduce((sum, n) => sum + n, 0),
      1_190_000,
    );
  });

  it("ablation() adds one thing with each row, and the last rate ends at 5 % of itself in any number of epochs", () => {
    const rows = ablation(8);
    const changes = rows.map((row, i) => {
      const { network, pixels, settings } = rows[Math.max(0, i - 1)] ?? row;
      const names = new Set([...Object.keys(settings), ...Object.keys(row.settings)] as (keyof typeof settings)[]);
      const changed = [...names].filter(
        (name) => JSON.stringify(settings[name]) !== JSON.stringify(row.settings[name]),
      );
      if (pixels !== row.pixels) changed.unshift("pixels" as never);
      const [before, now] = [network, row.network].map(({ build }) =>
        build({ classes: 10, sizePx: 32, seed: 0 }).nodes.map(({ op }) => op),
      );
      const added = new Set(now?.filter((op) => !before?.includes(op)));
      return [row.id, ...changed, ...added].join(" ");
    });
    assert.deepEqual(changes, [
      "plain",
      "normalisation pixels",
      "augmentation augment",
      "momentum momentum rate schedule",
      "dropout Dropout",
      "batch-norm BatchNormalization",
      "adam optimizer rate",
      "adamax optimizer rate",
      "nadam optimizer rate",
      "amsgrad optimizer",
      "cutout optimizer rate augment",
      "noise augment",
    ]);
    for (const epochs of [4, 10, 50]) {
      const { schedule } = everything(epochs).settings;
      assert.ok(typeof schedule === "object" && schedule.factor !== undefined);
      assert.ok(Math.abs(schedule.factor ** epochs - 0.05) < 1e-12);
    }
    assert.deepEqual({ ...baseline(8), id: "plain", network: "" }, { ...rows[0], network: "" });
  });

  it("drawnPictures() lays the colours of a pixel side by side; someOf() takes the same pictures each time", () => {
    const drawn = drawnPictures(30, 10);
    const { planes, labels } = drawPictures(30, 1);
    const picture = drawn.train[7]?.picture;
    assert.ok(typeof picture === "object" && "data" in picture);
    for (const [pixel, colour] of [
      [0, 0],
      [5, 1],
      [1023, 2],
    ] as const)
      assert.equal(picture.data[pixel * 3 + colour], planes[7 * 3072 + colour * 1024 + pixel]);
    assert.deepEqual(
      drawn.train.map(({ label }) => label),
      [...labels],
    );
    const [some, again] = [someOf(drawn, 12), someOf(drawn, 12)];
    assert.equal(new Set(some.train).size, 12);
    assert.deepEqual(some.train, again.train);
    assert.equal(some.validation, drawn.validation);
    // those of CIFAR-10 are sorted by class
    assert.ok(some.train.some(({ id }, i) => id !== drawn.train[i]?.id));
  });

  it("finalClaim() is judged by the mean of two seeds on real pictures only", () => {
    const rows = [0.79, 0.82].map((top1) => ({ top1, seconds: 1 }));
    assert.equal(finalClaim(rows, false).holds, true);
    assert.match(finalClaim(rows, false).figures, /80\.50 ± 2\.12 %/);
    assert.equal(finalClaim(rows, true).holds, undefined);
    assert.equal(finalClaim(rows.slice(1), false).holds, undefined);
    assert.equal(finalClaim([...rows.slice(0, 1), { top1: 0.8, seconds: 1 }], false).holds, false);
    assert.equal(finalClaim([], false).holds, undefined);
  });

  it("main() refuses to start without pictures, and parts and seeds that there are not", async () => {
    await assert.rejects(main([]), { code: "E_USAGE", hint: /--tiny/ });
    await assert.rejects(main(["--tiny", "--only", "final,all"]), {
      code: "E_USAGE",
      message: /baseline,ablation,final,plain,/,
    });
    await assert.rejects(main(["--tiny", "--seed", "7"]), { code: "E_USAGE", message: /expected one of 0, 1/ });
  });
});
